//! Bundles: their members, each decided by itself. A permit on a bundle is no permit on what it holds.
//!
//! The proxy expands by itself, level by level, whatever the backend offers. Who may not know of a member does not see it:
//! then size and checksum are those of what is shown, by the specification's own rule (DRS 1.5 `DrsObject.checksums`).

use std::sync::Arc;

use audit_log::EventType;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use http::StatusCode;
use policy_engine::intent::{Action, DataRef, DrsId, Intent};
use ring::digest;

use crate::{
    api::{
        drs::{BackendContent, BackendObject, Checksum, Contents, DrsObject},
        encode,
    },
    gate::{Caller, NoPermit, Question},
    problem::Problem,
    proxy::Parts,
};

use super::{backend, intent};

/// How deep bundles may lie in each other, and how many members one answer may have.
const DEPTH: usize = 16;
const MEMBERS: usize = 10_000;
/// Members that the backend is asked for at once.
const AT_ONCE: usize = 8;

/// One walk through a bundle.
pub(super) struct Walk<'a> {
    pub(super) parts: &'a Parts,
    pub(super) caller: &'a Caller,
    pub(super) kind: EventType,
    pub(super) expand: bool,
}

/// What a level shows.
#[derive(Debug, Default)]
struct Level {
    contents: Vec<Contents>,
    /// Sizes and checksums of what is shown.
    objects: Vec<BackendObject>,
    left_out: bool,
}

impl Walk<'_> {
    /// The bundle as this caller sees it.
    ///
    /// # Errors
    /// 502 for a bundle that is too deep, too large, or holds itself; what the backend or the log says.
    pub(super) async fn shown(&self, id: &str, object: BackendObject, uri_host: &str) -> Result<DrsObject, Problem> {
        let mut left = MEMBERS;
        let contents = object.contents.clone().unwrap_or_default();
        let level = self.level(contents, vec![id.to_owned()], uri_host, &mut left).await?;
        let unreadable = |what| {
            Problem::new(
                StatusCode::BAD_GATEWAY,
                "backend.unreadable",
                format!("the DRS backend tells no {what} of this object"),
            )
        };
        let (size, checksums) = if level.left_out {
            let size = level
                .objects
                .iter()
                .filter_map(|object| object.size)
                .fold(0, u64::saturating_add);
            (
                size,
                vec![joined(&level.objects).ok_or_else(|| unreadable("checksums"))?],
            )
        } else {
            let told = object.checksums.filter(|checksums| !checksums.is_empty());
            (
                object.size.ok_or_else(|| unreadable("size"))?,
                told.ok_or_else(|| unreadable("checksums"))?,
            )
        };
        Ok(DrsObject {
            id: id.to_owned(),
            name: object.name,
            self_uri: format!("drs://{uri_host}/{}", encode(id)),
            size,
            created_time: object.created_time.ok_or_else(|| unreadable("created_time"))?,
            updated_time: object.updated_time,
            version: object.version,
            mime_type: object.mime_type,
            checksums,
            access_methods: Vec::new(),
            contents: Some(level.contents),
            description: object.description,
            aliases: object.aliases,
        })
    }

    fn level<'s>(
        &'s self,
        contents: Vec<BackendContent>,
        above: Vec<String>,
        uri_host: &'s str,
        left: &'s mut usize,
    ) -> BoxFuture<'s, Result<Level, Problem>> {
        async move {
            let beyond = |why| Problem::new(StatusCode::BAD_GATEWAY, "backend.bundle", why);
            if above.len() > DEPTH {
                return Err(beyond("the bundle lies more than 16 deep, or holds itself"));
            }
            *left = left
                .checked_sub(contents.len())
                .ok_or_else(|| beyond("the bundle has more than 10,000 members"))?;
            let mut level = Level::default();
            let mut members = Vec::new();
            for member in contents {
                match self.permitted(&member) {
                    Some(id) if above.iter().any(|one| one == id.as_str()) => {
                        return Err(beyond("the bundle holds itself"));
                    }
                    Some(id) => members.push((id, member)),
                    None => level.left_out = true,
                }
            }
            level.objects = self.described(&members).await?;
            for ((id, member), object) in members.into_iter().zip(&mut level.objects) {
                let nested = object.contents.take().unwrap_or_default();
                let mut inside = None;
                if !nested.is_empty() {
                    // Walked in any case: what is left out further down must not show in a sum further up.
                    let mut above = above.clone();
                    above.push(id.as_str().to_owned());
                    let below = self.level(nested, above, uri_host, &mut *left).await?;
                    if below.left_out {
                        level.left_out = true;
                        object.size = Some(sum(&below.objects));
                        object.checksums = joined(&below.objects).map(|checksum| vec![checksum]);
                    }
                    inside = self.expand.then_some(below.contents);
                }
                level.contents.push(Contents {
                    name: member
                        .name
                        .or_else(|| object.name.clone())
                        .unwrap_or_else(|| id.as_str().to_owned()),
                    drs_uri: vec![format!("drs://{uri_host}/{}", encode(id.as_str()))],
                    id: id.as_str().to_owned(),
                    contents: inside,
                });
            }
            Ok(level)
        }
        .boxed()
    }

    /// The member's id, if the caller may have it described. One that lies with another host is not ours to decide on.
    fn permitted(&self, member: &BackendContent) -> Option<DrsId> {
        let id = DrsId::decoded(member.id.as_deref()?).ok()?;
        let question = Question::Intent(Arc::new(intent(Action::DrsDescribe, id.clone())));
        let decided = self.parts.gate.decide(self.caller, &question);
        decided.decision.allow().then_some(id)
    }

    /// What the backend says of them, on record as one read of all.
    async fn described(&self, members: &[(DrsId, BackendContent)]) -> Result<Vec<BackendObject>, Problem> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked = Intent::new(Action::DrsDescribe);
        for (id, _) in members {
            asked
                .read(DataRef::local(id.clone()), "")
                .map_err(|wrong| Problem::new(StatusCode::BAD_GATEWAY, "backend.bundle", wrong.to_string()))?;
        }
        let drs = backend(self.parts)?;
        let question = Question::Intent(Arc::new(asked));
        let recording = self
            .parts
            .gate
            .begin(self.caller, self.kind, question)
            .await
            .map_err(|no| self.parts.remember(self.caller, no.into()))?;
        let proof = &recording;
        let ids: Vec<DrsId> = members.iter().map(|(id, _)| id.clone()).collect();
        let found: Result<Vec<BackendObject>, _> = stream::iter(ids)
            .map(|id| async move { drs.object(proof, id.as_str()).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await;
        drop(recording.durable().await.map_err(|no: NoPermit| Problem::from(no))?);
        Ok(found?)
    }
}

fn sum(objects: &[BackendObject]) -> u64 {
    let sizes = objects.iter().filter_map(|object| object.size);
    sizes.fold(0, u64::saturating_add)
}

/// The checksum of what is shown: SHA-256 over the members' own SHA-256, sorted and joined.
fn joined(objects: &[BackendObject]) -> Option<Checksum> {
    let mut sums = objects
        .iter()
        .map(|object| {
            let of = object.checksums.iter().flatten();
            let mut sums = of.filter(|sum| matches!(sum.kind.to_ascii_lowercase().as_str(), "sha-256" | "sha256"));
            sums.next().map(|sum| sum.checksum.to_ascii_lowercase())
        })
        .collect::<Option<Vec<String>>>()?;
    sums.sort_unstable();
    let digest = digest::digest(&digest::SHA256, sums.concat().as_bytes());
    Some(Checksum {
        checksum: digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        kind: "sha-256".to_owned(),
    })
}
