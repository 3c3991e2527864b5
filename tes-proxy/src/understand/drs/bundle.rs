//! Bundles: their members, each decided by itself (`apis.md` 2.2, 2.3). A permit on a bundle is no permit on what it holds.
//!
//! Size and checksums stay as they are: they name the full bundle. A member that the caller may not know of, and one that
//! is held, is not there; any other is named, whether they may have it described or not. What lies on other hosts is told
//! as it came and never asked for.
//!
//! Without `expand` nothing is asked of the backend beyond the bundle itself. With it the proxy expands by itself, level by
//! level, whatever the backend offers, and asks only for members that the caller may have described: no error and no
//! wait comes from one that they do not see.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use audit_log::EventType;
use futures::{StreamExt as _, stream};
use http::StatusCode;
use policy_engine::{
    decide::{Decision, Engine},
    intent::{Action, DrsId},
};
use tokio::time::Instant;

use crate::{
    api::drs::{BackendContent, BackendObject, Contents},
    backend::BackendError,
    config::DrsMount,
    gate::{Caller, NoPermit, OnRecord, Question, Recorded},
    limits,
    problem::Problem,
    proxy::Parts,
};

use super::{
    backend, intent,
    member::{Entry, Ours},
};

/// Members that the backend is asked for at once.
const AT_ONCE: usize = 8;
/// Members after whose decisions others get their turn.
const TURN: usize = 128;

/// What all bundles of one answer may take together.
#[derive(Debug)]
pub(super) struct Allowance {
    members: AtomicUsize,
    until: Instant,
}

impl Allowance {
    /// A whole one.
    pub(super) fn whole() -> Self {
        Self {
            members: AtomicUsize::new(limits::BUNDLE_MEMBERS),
            until: Instant::now() + limits::MANY_TIME,
        }
    }

    /// When it is over.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    fn take(&self, members: usize) -> Result<(), Problem> {
        let taken = self
            .members
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(members));
        // Counted as the backend tells them, the same for everybody: it says nothing of who may see what.
        taken
            .map(drop)
            .map_err(|_| unusable("it has more than 10,000 members, or they and those of other bundles asked for do"))
    }
}

/// One walk through a bundle.
pub(super) struct Walk<'a> {
    pub(super) parts: &'a Parts,
    /// `None`: nobody in particular, who sees what everybody may.
    pub(super) caller: Option<&'a Caller>,
    pub(super) kind: EventType,
    pub(super) expand: bool,
    /// The snapshot on which the bundle itself was decided.
    pub(super) engine: &'a Arc<Engine>,
    pub(super) mount: &'a DrsMount,
    pub(super) allowance: &'a Allowance,
}

/// What becomes of a member.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Seen {
    /// It is not there.
    Not,
    /// It is named.
    Named,
    /// It is named, and what lies in it is shown.
    Described,
}

/// A member that is shown.
struct Member {
    above: Option<usize>,
    /// Its ids here; none for one of another host.
    ids: Vec<DrsId>,
    seen: Seen,
    told: Contents,
}

/// What is left of an unfinished level: the entries of a bundle, and where that bundle is.
type Wave = Vec<(Option<usize>, Vec<BackendContent>)>;

fn unusable(why: &'static str) -> Problem {
    Problem::new(
        StatusCode::BAD_GATEWAY,
        "backend.bundle",
        format!("the bundle cannot be told: {why}"),
    )
}

impl Walk<'_> {
    /// The bundle's members as this caller sees them.
    ///
    /// # Errors
    /// 502 for a bundle that is too deep, too large, or holds itself; 504 when it takes too long; 503 if the log does not
    /// take a decision, or what was decided does not hold any more.
    pub(super) async fn shown(&self, id: &str, object: &BackendObject) -> Result<Vec<Contents>, Problem> {
        let ours = Ours::of(self.engine, self.mount, object.self_uri.as_deref());
        let root = object.contents.clone().unwrap_or_default();
        let mut members = Vec::new();
        let mut wave: Wave = vec![(None, root)];
        for _ in 0..limits::BUNDLE_DEPTH {
            let from = members.len();
            let grounds = self.decided(&ours, wave, &mut members).await?;
            if !self.expand {
                return self.told(members);
            }
            wave = self.inside(&grounds, id, from, &mut members).await?;
            if wave.is_empty() {
                return self.told(members);
            }
        }
        Err(unusable("it lies more than 16 deep"))
    }

    /// Decides on the entries of a level, and puts the decisions on record.
    async fn decided(&self, ours: &Ours<'_>, wave: Wave, members: &mut Vec<Member>) -> Result<Grounds, Problem> {
        let mut decisions = Vec::new();
        let mut allowed = Ok(());
        for (above, contents) in wave {
            allowed = allowed.and_then(|()| self.allowance.take(contents.len()));
            if allowed.is_err() {
                break;
            }
            for (at, content) in contents.into_iter().enumerate() {
                if at % TURN == TURN - 1 {
                    tokio::task::yield_now().await;
                }
                let (ids, uris, foreign) = match ours.read(&content) {
                    Entry::Own { ids, uris } => (ids, uris, None),
                    Entry::Foreign { id, uris } => (Vec::new(), uris, Some(id)),
                    Entry::Nothing => continue,
                };
                let seen = match foreign {
                    Some(_) => Seen::Named,
                    None => self.seen(self.engine, &ids, Some(&mut decisions)),
                };
                if seen == Seen::Not {
                    continue;
                }
                let id = foreign.unwrap_or_else(|| ids.first().map(|id| id.as_str().to_owned()));
                let name = content.name.or_else(|| id.clone()).unwrap_or_default();
                members.push(Member {
                    above,
                    ids,
                    seen,
                    told: Contents {
                        name,
                        id,
                        drs_uri: uris,
                        contents: None,
                    },
                });
            }
        }
        let grounds = match self.caller {
            Some(caller) => {
                let gate = &self.parts.gate;
                let record = gate.record_all(caller, self.kind, self.engine, &decisions).await;
                Grounds::OnRecord(record.map_err(|no: NoPermit| Problem::from(no))?)
            }
            None => Grounds::Everybody,
        };
        allowed.map(|()| grounds)
    }

    /// What the caller sees of an object that has these names: the least of what each of them gives.
    fn seen(&self, engine: &Engine, ids: &[DrsId], mut decisions: Option<&mut Vec<Decision>>) -> Seen {
        let one = |id: &DrsId| match self.caller {
            None => open(engine, id, self.parts),
            Some(caller) => {
                let question = Question::Intent(Arc::new(intent(Action::DrsDescribe, id.clone())));
                let decision = self.parts.gate.judge(engine, caller, &question);
                let facts = caller.facts(engine.snapshot());
                let seen = if decision.hidden() || engine.is_held(Some(&facts), id, self.parts.gate.now()) {
                    Seen::Not
                } else if decision.allow() {
                    Seen::Described
                } else {
                    Seen::Named
                };
                if let Some(decisions) = &mut decisions {
                    decisions.push(decision);
                }
                seen
            }
        };
        // each is decided, and on record: none is passed over since another said no
        let seen: Vec<Seen> = ids.iter().map(one).collect();
        seen.into_iter().min().unwrap_or(Seen::Not)
    }

    /// The entries of those members of the last level that are bundles.
    async fn inside(
        &self,
        grounds: &Grounds,
        root: &str,
        from: usize,
        members: &mut [Member],
    ) -> Result<Wave, Problem> {
        let drs = backend(self.parts)?;
        let asked: Vec<(usize, DrsId)> = members
            .iter()
            .enumerate()
            .skip(from)
            .filter(|(_, member)| member.seen == Seen::Described)
            .filter_map(|(at, member)| Some((at, member.ids.first()?.clone())))
            .collect();
        let fetch = stream::iter(asked)
            .map(|(at, id)| async move { (at, drs.object(grounds, id.as_str()).await) })
            .buffered(AT_ONCE)
            .collect::<Vec<(usize, Result<BackendObject, BackendError>)>>();
        let found = tokio::time::timeout_at(self.allowance.until(), fetch).await;
        let found = found.map_err(|_| Problem::from(BackendError::Slow { api: "DRS" }))?;
        let mut wave = Wave::new();
        for (at, object) in found {
            let contents = match object {
                Ok(object) => object.contents.unwrap_or_default(),
                Err(error) => {
                    // the member is named, and asking for it by itself says what is wrong
                    tracing::warn!(code = error.code(), "a member of a bundle could not be looked into");
                    continue;
                }
            };
            if contents.is_empty() {
                continue;
            }
            if holds_itself(root, at, members) {
                return Err(unusable("it holds itself"));
            }
            if let Some(member) = members.get_mut(at) {
                member.told.contents = Some(Vec::new());
            }
            wave.push((Some(at), contents));
        }
        Ok(wave)
    }

    /// Puts members into their bundles, if what was decided still holds.
    fn told(&self, members: Vec<Member>) -> Result<Vec<Contents>, Problem> {
        let current = &self.parts.gate.current;
        if !current.is_current(self.engine) {
            let now = current.load();
            let as_before =
                |member: &Member| member.ids.is_empty() || self.seen(&now, &member.ids, None) >= member.seen;
            if !members.iter().all(as_before) {
                return Err(NoPermit::Overtaken.into());
            }
        }
        let mut shown = Vec::new();
        let mut inside: Vec<Vec<Contents>> = members.iter().map(|_| Vec::new()).collect();
        // a bundle stands before its members, so from behind each is whole when it is put away
        for (at, member) in members.into_iter().enumerate().rev() {
            let mut told = member.told;
            if let (Some(place), Some(own)) = (&mut told.contents, inside.get_mut(at)) {
                *place = std::mem::take(own);
                place.reverse();
            }
            match member.above {
                None => shown.push(told),
                Some(above) => {
                    if let Some(list) = inside.get_mut(above) {
                        list.push(told);
                    }
                }
            }
        }
        shown.reverse();
        Ok(shown)
    }
}

/// Why members may be asked for.
enum Grounds {
    /// What was decided on each is on record.
    OnRecord(OnRecord),
    /// Everybody may have them described, and nobody was decided about.
    Everybody,
}

impl Recorded for Grounds {}

/// What everybody may have described: an object of a discoverable dataset that is not held (`apis.md` 9.7).
fn open(engine: &Engine, id: &DrsId, parts: &Parts) -> Seen {
    if super::objects::is_open(engine, id, parts.gate.now()) {
        Seen::Described
    } else {
        Seen::Not
    }
}

/// Is this member the bundle itself, or one that it lies in?
fn holds_itself(root: &str, at: usize, members: &[Member]) -> bool {
    let Some(own) = members.get(at) else { return false };
    if own.ids.iter().any(|id| id.as_str() == root) {
        return true;
    }
    let mut above = own.above;
    while let Some(member) = above.and_then(|at| members.get(at)) {
        if member.ids.iter().any(|id| own.ids.contains(id)) {
            return true;
        }
        above = member.above;
    }
    false
}
