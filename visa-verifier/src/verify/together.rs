//! Several Passports of one request as one person's (DRS 1.2 to 1.5: `passports` is a list).
//!
//! Each was judged apart, with its own broker: no visa of one helped a visa of another. What counts is then put
//! together, if the Passports' holders are one person by the links that count (D2).

use std::collections::BTreeSet;

use super::linking::Linking;
use crate::passport::{Draft, VerifiedPassport};
use crate::token::TokenDigest;
use crate::trust::TrustPolicy;

/// All of them as one Passport of the first's holder, that ends with the first of them to end; `None` if they are not
/// proven to be one person's, or there is none. It names us only if each of them does.
#[must_use]
pub fn together(passports: Vec<VerifiedPassport>, trust: &TrustPolicy) -> Option<VerifiedPassport> {
    let drafts: Vec<&Draft> = passports
        .iter()
        .flat_map(|passport| passport.visas.iter().map(|visa| &visa.draft))
        .collect();
    let linking = Linking::new(&drafts, trust.unique());
    let joined = linking.join(|_| true);
    if !joined.contradicted.is_empty() {
        return None;
    }
    let people = linking.people(&joined);
    let mut rest = passports.into_iter();
    let mut whole = rest.next()?;
    let mut seen: BTreeSet<TokenDigest> = whole.visas.iter().map(crate::passport::Visa::digest).collect();
    for one in rest {
        if !people.same(&whole.holder, &one.holder) {
            return None;
        }
        whole
            .visas
            .extend(one.visas.into_iter().filter(|visa| seen.insert(visa.digest())));
        whole.rejected.extend(one.rejected);
        whole.valid_until = whole.valid_until.min(one.valid_until);
        whole.expires = whole.expires.into_iter().chain(one.expires).min();
        whole.issued = whole.issued.into_iter().chain(one.issued).min();
        whole.audience = whole.audience.filter(|_| one.audience.is_some());
        whole.beside.extend(one.evidence);
        whole.beside.extend(one.beside);
    }
    whole.identities = people.of(&whole.holder);
    whole.people = people;
    Some(whole)
}
