//! What a login provider's row says, as flags.

use passport_broker::store::claim_map::GroupRule;
use passport_broker::store::register::UpstreamRow;
use serde_json::{Map, Value, json};
use url::Url;

use crate::error::CommandError;

/// What is believed of a provider, and how it is asked.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Says {
    /// Its name on the page where people choose
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// The name of our client secret there, as `upstream_secret_files` has it; none: a public client
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// A scope to ask for; give all of them, they replace those of the preset
    #[arg(long = "scope", value_name = "WORD")]
    scopes: Vec<String>,
    /// An institution of the register for whose scopes its affiliations count; may be given several times
    #[arg(long = "speaks-for", value_name = "ID")]
    speaks_for: Vec<String>,
    /// The highest identity assurance that is believed of it
    #[arg(long, value_name = "0-3", value_parser = clap::value_parser!(u8).range(0..=3))]
    assurance: Option<u8>,
    /// Whether its word on a second factor is believed
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    mfa: Option<String>,
    /// Whether it never gives an identifier to a second person
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    unique: Option<String>,
    /// Whether people with roles may sign in with it
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    admin: Option<String>,
    /// Which claims are read for affiliation, assurance, groups, name or visas, such as `groups=memberships,roles`
    ///
    /// Nothing behind the `=`: nothing is read for it.
    #[arg(long = "claim", value_name = "WHAT=CLAIM,…")]
    claims: Vec<String>,
    /// A group that counts and its name here, such as `urn:geant:uni.example.org:group:heart=heart-study`
    ///
    /// `:role=manager` before the `=` asks for a role; `:*` counts members of its subgroups too.
    #[arg(long = "group", value_name = "URN=NAME")]
    groups: Vec<String>,
    /// The same, and Passports say so by a visa
    #[arg(long = "group-visa", value_name = "URN=NAME")]
    group_visas: Vec<String>,
    /// A visa issuer that is asked for the visas of its people
    #[arg(long = "visa-source", value_name = "URL")]
    visa_sources: Vec<Url>,
}

impl Says {
    /// The row with what was said.
    pub(crate) fn apply(&self, mut row: UpstreamRow) -> Result<UpstreamRow, CommandError> {
        let yes = |word: &Option<String>, was: bool| word.as_deref().map_or(was, |word| word == "yes");
        row.mfa = yes(&self.mfa, row.mfa);
        row.unique_ids = yes(&self.unique, row.unique_ids);
        row.admin = yes(&self.admin, row.admin);
        if let Some(name) = &self.name {
            row.name.clone_from(name);
        }
        if self.secret.is_some() {
            row.secret.clone_from(&self.secret);
        }
        if let Some(assurance) = self.assurance {
            row.assurance_cap = assurance;
        }
        if !self.scopes.is_empty() {
            row.scopes.clone_from(&self.scopes);
        }
        if !self.speaks_for.is_empty() {
            row.speaks_for.clone_from(&self.speaks_for);
        }
        if !self.visa_sources.is_empty() {
            row.visa_sources = self.visa_sources.iter().map(Url::to_string).collect();
        }
        if !self.claims.is_empty() {
            let now = serde_json::to_value(&row.claims).unwrap_or_default();
            let mut map: Map<String, Value> = now.as_object().cloned().unwrap_or_default();
            for text in &self.claims {
                let (what, names) = text
                    .split_once('=')
                    .ok_or_else(|| CommandError::refused("upstream.claim", format!("`{text}` is not WHAT=CLAIM,…")))?;
                let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
                map.insert(what.to_owned(), json!(names));
            }
            row.claims = serde_json::from_value(Value::Object(map))
                .map_err(|why| CommandError::refused("upstream.claim", why.to_string()))?;
        }
        let with_visa = self.group_visas.iter().map(|text| (text, true));
        let rules: Vec<GroupRule> = self
            .groups
            .iter()
            .map(|text| (text, false))
            .chain(with_visa)
            .map(|(text, visa)| rule(text, visa))
            .collect::<Result<_, _>>()?;
        if !rules.is_empty() {
            row.groups = rules;
        }
        Ok(row)
    }
}

/// `URN[:role=ROLE][:*]=NAME`
fn rule(text: &str, visa: bool) -> Result<GroupRule, CommandError> {
    let refused = |why: String| CommandError::refused("upstream.group", why);
    let form = || refused(format!("`{text}` is not NAMESPACE:group:GROUP=NAME"));
    let (urn, becomes) = text.rsplit_once('=').ok_or_else(form)?;
    let (namespace, group) = urn.split_once(":group:").ok_or_else(form)?;
    let (group, subgroups) = match group.strip_suffix(":*") {
        Some(group) => (group, true),
        None => (group, false),
    };
    let (group, role) = match group.rsplit_once(":role=") {
        Some((group, role)) => (group, Some(role)),
        None => (group, None),
    };
    let rule = json!({ "namespace": namespace, "group": group, "role": role, "subgroups": subgroups,
        "becomes": becomes, "visa": visa });
    serde_json::from_value(rule).map_err(|why| refused(why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_written_as_its_urn_and_its_name_here() {
        let read = |text: &str| {
            let rule = rule(text, false).ok()?;
            Some((rule.group, rule.role, rule.subgroups, rule.becomes))
        };
        let cases = [
            (
                "urn:geant:u.example.org:group:heart=h",
                Some(("heart", None, false, "h")),
            ),
            (
                "urn:geant:u.example.org:group:heart:imaging:*=h",
                Some(("heart:imaging", None, true, "h")),
            ),
            (
                "urn:geant:u.example.org:group:heart:role=manager=h",
                Some(("heart", Some("manager"), false, "h")),
            ),
            (
                "urn:geant:u.example.org:group:heart:role=manager:*=h",
                Some(("heart", Some("manager"), true, "h")),
            ),
            ("urn:geant:u.example.org:group:heart", None),
            ("urn:geant:u.example.org:heart=h", None),
            ("geant:group:heart=h", None),
        ];
        for (text, wanted) in cases {
            let wanted = wanted.map(|(group, role, subgroups, becomes): (&str, Option<&str>, bool, &str)| {
                (group.to_owned(), role.map(str::to_owned), subgroups, becomes.to_owned())
            });
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
