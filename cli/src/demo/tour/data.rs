//! Steps 3 and 4: a dataset read, and one whose consent does not cover the purpose.

use ring::digest::{SHA256, digest};

use super::{Tour, refusal, says};
use crate::{
    demo::{facts, people::Person},
    error::CommandError,
};

/// Step 3: a controlled dataset through the proxy's DRS, bytes compared with the original's checksum.
pub(super) async fn ada_reads_a_dataset(tour: &mut Tour<'_>, ada: &Person) -> Result<(), CommandError> {
    tour.screen
        .step(3, "Ada reads a controlled dataset that her grant covers");
    tour.screen
        .request("GET /ga4gh/drs/v1/objects/a-cohort.vcf, /access/…, then the bytes by a capability URL");
    let access = ada.access("a-cohort.vcf").await?;
    if !access.status.is_success() {
        tour.screen.answer(&refusal(&access).1);
        tour.screen.must(false, "permitted");
        tour.screen.done();
        return Ok(());
    }
    let promise = access
        .headers
        .get("visum-audit")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let bytes = ada.bytes(&access).await?;
    let original = std::fs::read(
        std::path::Path::new(&tour.fact("/sample/data")?)
            .join("a")
            .join("cohort.vcf"),
    )
    .map_err(|source| CommandError::unknown("demo.file", format!("the sample's own file can't be read: {source}")))?;
    let hex = |bytes: &[u8]| {
        digest(&SHA256, bytes)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    tour.screen.answer(&format!(
        "{} {} bytes, sha-256 {}",
        bytes.status.as_u16(),
        bytes.body.len(),
        hex(&bytes.body)
    ));
    tour.screen.answer(&format!(
        "signed promise that it is in the audit log: {}…",
        promise.chars().take(60).collect::<String>()
    ));
    if !bytes.status.is_success() {
        tour.screen.answer(&refusal(&bytes).1);
    }
    tour.screen.hand("visum drs get --profile ada a-cohort.vcf -o a.vcf");
    tour.screen.must(
        bytes.status.is_success() && hex(&bytes.body) == hex(&original),
        "the bytes are the original's",
    );
    tour.screen
        .must(promise.starts_with("v1;"), "the answer carries the log's promise");
    tour.screen.done();
    Ok(())
}

/// Step 4: a grant in hand, but the consent (DUO) does not cover the purpose.
pub(super) async fn a_grant_is_not_enough(tour: &mut Tour<'_>, ada: &Person) -> Result<(), CommandError> {
    tour.screen.step(
        4,
        "A dataset for which she holds a grant, but whose consent does not cover her purpose",
    );
    tour.screen
        .request("GET drs objects/d-cohort.vcf/access (label: diabetes research only; purpose: breast cancer)");
    let access = ada.access("d-cohort.vcf").await?;
    tour.screen.answer(&refusal(&access).1);
    tour.screen
        .hand(&format!("visum explain --profile ada --dataset {}", facts::D));
    tour.screen
        .must(access.status == 403, "denied, although the grant is good");
    tour.screen.must(
        says(&access, "consent.disease_not_covered"),
        "the reason is the consent's term, with what would help",
    );
    tour.screen.done();
    Ok(())
}
