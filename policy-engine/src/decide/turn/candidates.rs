//! Which changes are worth trying for a denial. What is hollow is left out here, and whatever stays is verified.

use std::collections::BTreeSet;

use visa_verifier::seam::Timestamp;

use super::{
    Lever, LeverKind,
    change::{Change, Ground},
    purposes,
    visas::Mint,
};
use crate::{
    consent::{Dataset, ResearchPurpose},
    decide::{Decision, Engine, Facts, ResolvedRead, resolve::Reads},
    intent::Action,
    snapshot::DatasetRecord,
};

/// So many datasets are treated one by one; more are taken together, by committee.
pub(super) const ONE_BY_ONE: usize = 3;
/// Most other services tried.
const NODES: usize = 3;

/// What is known while candidates are gathered.
pub(super) struct Gathering<'a> {
    pub(super) engine: &'a Engine,
    pub(super) facts: &'a Facts,
    pub(super) ground: &'a Ground,
    pub(super) decision: &'a Decision,
    /// Datasets of the request that the person may know, as consent judges them.
    pub(super) datasets: Vec<Dataset>,
    /// Those that are not open.
    pub(super) closed: Vec<(Dataset, &'a DatasetRecord)>,
    pub(super) now: Timestamp,
    levers: Vec<Lever>,
}

impl Engine {
    /// Changes to try, in the order in which they are told.
    pub(crate) fn levers(&self, facts: &Facts, ground: &Ground, decision: &Decision, now: Timestamp) -> Vec<Lever> {
        let reads = Reads::of(self, facts, &ground.intent, now);
        let datasets = self.asked_datasets(&reads);
        let open = |dataset: &Dataset| {
            let id = dataset.id.as_str();
            let mut of_it = decision
                .reads
                .iter()
                .filter(|read| read.datasets.iter().any(|one| one == id));
            of_it.all(|read| read.allow) && !decision.reasons.iter().any(|r| r.dataset.as_deref() == Some(id))
        };
        let closed = datasets
            .iter()
            .filter(|dataset| !open(dataset))
            .filter_map(|dataset| Some((dataset.clone(), self.dataset(dataset.id.as_str())?)))
            .collect();
        let mut gathering = Gathering {
            engine: self,
            facts,
            ground,
            decision,
            datasets,
            closed,
            now,
            levers: Vec::new(),
        };
        gathering.all();
        gathering.levers
    }
}

impl Gathering<'_> {
    fn all(&mut self) {
        self.session();
        self.request();
        self.purpose();
        if self.facts.holder().is_some()
            && let Some(mint) = Mint::of(self.engine, self.now)
        {
            self.affiliation(&mint);
            self.registration(&mint);
            self.approvals(&mint);
        }
        self.leave_out();
    }

    pub(super) fn add(
        &mut self,
        kind: LeverKind,
        sentence: impl Into<String>,
        datasets: Vec<String>,
        from: Vec<String>,
        change: Change,
    ) {
        self.levers.push(Lever {
            kind,
            sentence: sentence.into(),
            datasets,
            from,
            change,
        });
    }

    fn plain(&mut self, kind: LeverKind, sentence: &str, change: Change) {
        self.add(kind, sentence, Vec::new(), Vec::new(), change);
    }

    /// Login, client, network: what a dataset asks for, or a policy of this node looks at.
    fn session(&mut self) {
        let (engine, session) = (self.engine, self.ground.session.clone());
        let asked = |of: fn(&DatasetRecord) -> u8| self.closed.iter().map(|(_, record)| of(record)).max().unwrap_or(0);
        let (login, identity) = (
            asked(|record| record.min_authn),
            asked(|record| record.min_identity).min(3),
        );
        if session.authn < 2 && (session.authn < login || engine.mentions("authn")) {
            self.plain(
                LeverKind::SecondFactor,
                "Log in with a second factor.",
                Change::SecondFactor,
            );
        }
        let level = if engine.mentions("identity") { 3 } else { identity };
        if session.identity < level {
            let sentence = format!("Have your identity checked to the level `{}`.", assurance(level));
            self.plain(LeverKind::IdentityAssurance, &sentence, Change::Identity(level));
        }
        if !session.affiliation_fresh && engine.mentions("affiliationFresh") {
            self.plain(
                LeverKind::FreshAffiliation,
                "Have your home institution confirm your affiliation again: log in there anew.",
                Change::FreshAffiliation,
            );
        }
        if !session.client.sender_constrained && engine.mentions("senderConstrained") {
            self.plain(
                LeverKind::SenderConstrained,
                "Use a client whose token is bound to its own key (DPoP or mutual TLS).",
                Change::SenderConstrained,
            );
        }
        if !session.internal && engine.mentions("internal") {
            self.plain(
                LeverKind::InternalNetwork,
                "Connect from the institution's own network.",
                Change::Internal,
            );
        }
    }

    /// The body, its images, and where it would run.
    fn request(&mut self) {
        let intent = &self.ground.intent;
        let work = matches!(intent.action, Action::TesCreate | Action::WesCreate);
        let tagged: Vec<String> = intent
            .runs
            .iter()
            .filter(|image| !image.is_pinned())
            .map(|image| image.as_given().to_owned())
            .collect();
        let (seen, opaque, service) = (intent.body_seen, intent.opaque, intent.service.clone());
        if !seen {
            self.plain(
                LeverKind::BodyVisible,
                "Send the request so that its whole body is seen here.",
                Change::BodySeen,
            );
        }
        if opaque {
            self.plain(
                LeverKind::PlainInputs,
                "Name all data as inputs, and no addresses or templates in commands and texts; or start a workflow session.",
                Change::Plain,
            );
        }
        if !tagged.is_empty() {
            let sentence = format!("Name the images by digest instead of by tag: {}.", tagged.join(", "));
            self.add(LeverKind::ImageByDigest, sentence, Vec::new(), tagged, Change::Pinned);
        }
        if work {
            self.nodes(service.as_deref());
        }
    }

    fn nodes(&mut self, current: Option<&str>) {
        let snapshot = self.engine.snapshot();
        let current = current.unwrap_or(&snapshot.node).to_owned();
        let others: Vec<String> = snapshot
            .services
            .iter()
            .filter(|service| service.id != current && !service.suspended && !service.certified.is_empty())
            .map(|service| service.id.clone())
            .take(NODES)
            .collect();
        for id in others {
            self.add(
                LeverKind::OtherNode,
                format!("Send it to `{id}` instead."),
                Vec::new(),
                vec![id.clone()],
                Change::Node(id),
            );
        }
    }

    /// The purpose: the one that one's own grant records, or any at all. Never which.
    fn purpose(&mut self) {
        let (intent, session) = (&self.ground.intent, &self.ground.session);
        let said = intent.purpose.is_some() || session.token_purpose.is_some() || session.narrow.is_some();
        let records = self.facts.derived.grants.iter().any(|grant| {
            grant.approval.purpose.is_some() && self.datasets.iter().any(|dataset| dataset.id == grant.approval.dataset)
        });
        if said && records {
            self.plain(
                LeverKind::RecordedPurpose,
                "Ask for the purpose that your grant records: say no other.",
                Change::AsRecorded,
            );
        }
        if self.unstated()
            && let Some(purpose) = self.permitted()
        {
            self.plain(
                LeverKind::StatePurpose,
                "Say what the data are for, with the request or once at your broker; the dataset's label tells what it is open for.",
                Change::Purpose(Box::new(purpose)),
            );
        }
    }

    pub(super) fn unstated(&self) -> bool {
        self.decision
            .purpose
            .as_ref()
            .is_none_or(|purpose| purpose.categories.is_unstated())
    }

    pub(super) fn permitted(&self) -> Option<ResearchPurpose> {
        purposes::permitted(self.engine, self.facts, &self.datasets, self.now)
    }

    /// What stays closed, left out; never all.
    fn leave_out(&mut self) {
        let reads = &self.decision.reads;
        let of = |ids: &[String]| -> BTreeSet<usize> {
            let touches = |read: &&ResolvedRead| read.datasets.iter().any(|id| ids.contains(id));
            reads
                .iter()
                .enumerate()
                .filter(|(_, read)| touches(read))
                .map(|(at, _)| at)
                .collect()
        };
        let mut groups: Vec<Vec<String>> = self
            .closed
            .iter()
            .map(|(dataset, _)| vec![dataset.id.to_string()])
            .collect();
        if groups.len() > ONE_BY_ONE {
            groups = vec![groups.concat()];
        }
        let mut more: Vec<(String, Vec<String>, BTreeSet<usize>)> = Vec::new();
        for ids in groups {
            let at = of(&ids);
            more.push((format!("Leave out {}.", ids.join(", ")), ids, at));
        }
        let unknown: BTreeSet<usize> = reads
            .iter()
            .enumerate()
            .filter(|(_, read)| read.hidden)
            .map(|(at, _)| at)
            .collect();
        if !unknown.is_empty() {
            more.push(("Leave out what is not known here.".to_owned(), Vec::new(), unknown));
        }
        let count = reads.len();
        for (sentence, ids, at) in more {
            if !at.is_empty() && at.len() < count {
                self.add(LeverKind::LeaveOut, sentence, ids, Vec::new(), Change::LeaveOut(at));
            }
        }
    }
}

const fn assurance(level: u8) -> &'static str {
    match level {
        0 => "none",
        1 => "low",
        2 => "medium",
        _ => "high",
    }
}
