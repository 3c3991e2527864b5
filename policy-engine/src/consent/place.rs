//! Countries and regions (`consent.md` 2.6, GS): ISO 3166-1 codes, EU, EEA. Territories count by their own code.

use std::collections::BTreeMap;

use super::name::CountryCode;
use super::sheet::Sheet;
use super::tables::TablesError;

/// The assigned country codes, and who is in the EU and the EEA.
#[derive(Clone, Debug)]
pub struct Countries(BTreeMap<CountryCode, Membership>);

#[derive(Clone, Copy, Debug)]
struct Membership {
    eu: bool,
    eea: bool,
}

/// A value of GS: a country or a region of countries.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Region {
    /// One country, or a territory by its own code.
    Country(CountryCode),
    /// The European Union.
    Eu,
    /// The European Economic Area.
    Eea,
}

impl Countries {
    /// Reads a table with the columns `code`, `eu`, `eea`.
    ///
    /// # Errors
    /// [`TablesError`] if the table cannot be read.
    pub fn from_csv(text: &str) -> Result<Self, TablesError> {
        let sheet = Sheet::parse(text).map_err(|error| TablesError::sheet("countries", error))?;
        for column in ["code", "eu", "eea"] {
            if !sheet.columns().iter().any(|name| name == column) {
                return Err(TablesError::entry("countries", format!("no column `{column}`")));
            }
        }
        let member = |field: &str, code: &str| match field {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(TablesError::entry("countries", code)),
        };
        let mut countries = BTreeMap::new();
        for row in sheet.rows() {
            let code = CountryCode::try_from(row.field("code"))
                .map_err(|_| TablesError::entry("countries", row.field("code")))?;
            let membership = Membership {
                eu: member(row.field("eu"), row.field("code"))?,
                eea: member(row.field("eea"), row.field("code"))?,
            };
            if countries.insert(code, membership).is_some() {
                return Err(TablesError::entry("countries", row.field("code")));
            }
        }
        if countries.is_empty() {
            return Err(TablesError::entry("countries", "no country"));
        }
        Ok(Self(countries))
    }

    /// Whether the code is assigned.
    #[must_use]
    pub fn has(&self, code: CountryCode) -> bool {
        self.0.contains_key(&code)
    }

    /// The assigned codes that lie in one of the regions.
    #[must_use]
    pub fn within(&self, regions: &[Region]) -> std::collections::BTreeSet<CountryCode> {
        let codes = self.0.keys().copied();
        codes
            .filter(|code| self.is_inside(*code, regions) == Some(true))
            .collect()
    }

    /// The region that a value of GS names; None for anything else (`UK` is no code, `EU` is no country).
    #[must_use]
    pub fn region(&self, value: &str) -> Option<Region> {
        match value {
            "EU" => Some(Region::Eu),
            "EEA" => Some(Region::Eea),
            _ => CountryCode::try_from(value)
                .ok()
                .filter(|code| self.has(*code))
                .map(Region::Country),
        }
    }

    /// Whether the country lies in one of the regions. None if the code is not assigned.
    #[must_use]
    pub fn is_inside(&self, code: CountryCode, regions: &[Region]) -> Option<bool> {
        let member = self.0.get(&code)?;
        Some(regions.iter().any(|region| match region {
            Region::Country(country) => *country == code,
            Region::Eu => member.eu,
            Region::Eea => member.eea,
        }))
    }
}
