//! Images by tag: the digest that the tag has now, where a registry that this node may ask knows it; else it is said
//! plainly that nobody here knows.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, Request, header};
use policy_engine::intent::Image;
use serde::Serialize;
use url::Url;
use visa_verifier::seam::Limit;

use crate::proxy::Parts;

/// Images that are looked up for one question.
const LOOKUPS: usize = 8;
/// What a registry may take for one.
const LIMIT: Limit = Limit {
    time: Duration::from_secs(5),
    idle: Duration::from_secs(5),
    bytes: 4 << 20,
};
/// The manifests that the digest may be of (OCI Distribution 1.1, Docker Registry v2).
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// What is known of an image.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Known {
    /// As the question names it.
    image: String,
    /// It is named by digest.
    pinned: bool,
    /// The same by digest, if known.
    by_digest: Option<String>,
    /// In words.
    sentence: String,
}

/// Looks up each image that is named by tag.
pub(super) async fn known(parts: &Parts, images: &[Image]) -> Vec<Known> {
    let mut told = Vec::new();
    let mut asked: BTreeMap<String, Option<String>> = BTreeMap::new();
    for image in images {
        let given = image.as_given().to_owned();
        if image.is_pinned() {
            told.push(Known {
                sentence: "It is named by digest.".to_owned(),
                by_digest: Some(given.clone()),
                image: given,
                pinned: true,
            });
            continue;
        }
        let name = image.to_string();
        if !asked.contains_key(&name) && asked.len() < LOOKUPS {
            let found = look_up(parts, image).await;
            asked.insert(name.clone(), found);
        }
        let by_digest = asked.get(&name).cloned().flatten();
        let sentence = match &by_digest {
            Some(pinned) => format!("A tag can change. At this moment it is {pinned}: name it so."),
            None => {
                "A tag can change, and nobody here knows which digest it has: look it up where the image comes from, \
                     and name the image by it."
                    .to_owned()
            }
        };
        told.push(Known {
            image: given,
            pinned: false,
            by_digest,
            sentence,
        });
    }
    told
}

/// Asks the registry, if this node has it in its settings. No other host is ever called for somebody's question.
async fn look_up(parts: &Parts, image: &Image) -> Option<String> {
    let (_, base) = parts
        .config
        .registries
        .iter()
        .find(|(host, _)| host == image.registry())?;
    let canonical = image.to_string();
    let tag = canonical.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    let repository = image.repository();
    let path = repository.strip_prefix(&format!("{}/", image.registry()))?.to_owned();
    let url: Url = base.join(&format!("v2/{path}/manifests/{tag}")).ok()?;
    let request = Request::builder()
        .method(Method::HEAD)
        .uri(url.as_str())
        .header(header::ACCEPT, MANIFESTS)
        .body(Bytes::new())
        .ok()?;
    let fetched = match parts.fetch.send(request, LIMIT).await {
        Ok(fetched) => fetched,
        Err(error) => {
            tracing::warn!(registry = image.registry(), error = %error, "a registry could not be asked");
            return None;
        }
    };
    if !fetched.status.is_success() {
        return None;
    }
    let digest = fetched.headers.get("docker-content-digest")?.to_str().ok()?.to_owned();
    // what comes from outside is believed only as far as it is an image's name
    let pinned = format!("{repository}@{digest}");
    Image::parse(&pinned).ok().filter(Image::is_pinned).map(|_| pinned)
}
