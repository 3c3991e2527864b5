//! GS: where data are used and made available (`consent.md` 2.6, 4.2). Unknown is outside.

use super::affiliation::{proving, source};
use super::case::Case;
use super::findings::Findings;
use super::modifier::Asking;
use crate::consent::code::Code;
use crate::consent::input::Operation;
use crate::consent::name::CountryCode;

pub(crate) fn judge(asking: Asking<'_, '_>, findings: &mut Findings<'_>) {
    let (case, spot) = (asking.case, asking.spot);
    let inside = |country: CountryCode| case.tables.countries.is_inside(country, &asking.pool.regions);
    for affiliation in proving(asking, findings) {
        let facts = Case::facts(asking.approval, &affiliation.institution).filter_map(|facts| facts.country);
        let said: Vec<CountryCode> = affiliation.country.map_or_else(|| facts.collect(), |known| vec![known]);
        if said.is_empty() || said.iter().any(|country| inside(*country).is_none()) {
            findings.reason(spot, Code::CountryUnknown).about(source(affiliation));
        }
        if said.iter().any(|country| inside(*country) == Some(false)) {
            findings
                .reason(spot, Code::UserCountryOutside)
                .about(source(affiliation));
        }
    }
    let context = &case.input.context;
    if context.processing_countries.is_empty() && case.is_use() {
        findings
            .reason(spot, Code::CountryUnknown)
            .about("The places of processing are not stated.");
    }
    for country in &context.processing_countries {
        match inside(*country) {
            Some(true) => {}
            Some(false) => findings
                .reason(spot, Code::ProcessingCountryOutside)
                .about(format!("It is {country}.")),
            None => findings
                .reason(spot, Code::CountryUnknown)
                .about(format!("It is {country}.")),
        }
    }
    let download = case.is(Operation::Download);
    if let Some(country) = context.access_country {
        let code = match inside(country) {
            Some(true) => None,
            // A copy would lie there.
            Some(false) if download => Some(Code::ProcessingCountryOutside),
            Some(false) => Some(Code::AccessCountryOutside),
            None => Some(Code::CountryUnknown),
        };
        if let Some(code) = code {
            findings.reason(spot, code).about(format!("It is {country}."));
        }
    }
    if download {
        findings.warn(spot, Code::DownloadPlaceUnseen);
    }
}
