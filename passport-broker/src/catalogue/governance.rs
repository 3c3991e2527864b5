//! One administrator or two (policy.md 6): with the second the node becomes dual, on record, and never goes back.

use std::collections::BTreeSet;

use audit_log::{Class, Event, EventType, Outcome, Who};
use policy_engine::snapshot::{Governance, RoleGrant};

use super::PublishError;
use super::content::Content;
use crate::broker::Broker;

/// The role whose second holder makes a node dual.
const ADMINISTRATOR: &str = "administrator";

impl Broker {
    /// How many people must agree on a change. The configuration says how a node begins; once the log holds
    /// `governance.dual`, no configuration takes it back.
    #[must_use]
    pub fn governance(&self) -> Governance {
        let mut ledger = self.ledger();
        ledger.follow(self.writer());
        match ledger.dual() {
            Some(_) => Governance::Dual,
            None => self.config().governance,
        }
    }

    /// Whether the facts of a start may still be entered without anybody's approval: one person governs, or nobody is
    /// there yet.
    #[must_use]
    pub fn takes_bootstrap(&self) -> bool {
        let bare = {
            let mut ledger = self.ledger();
            ledger.follow(self.writer());
            ledger.is_empty()
        };
        bare || self.governance() == Governance::Single
    }
}

/// Records that the node is dual from now on, if the configuration says so or a second administrator is there.
///
/// # Errors
/// The database, or the log: then nothing is published.
pub(super) async fn settle(broker: &Broker, content: &Content) -> Result<(), PublishError> {
    let recorded = {
        let mut ledger = broker.ledger();
        ledger.follow(broker.writer());
        ledger.dual().is_some()
    };
    if recorded {
        return Ok(());
    }
    if broker.config().governance == Governance::Single && administrators(broker, content).await? < 2 {
        return Ok(());
    }
    let event = Event::new(EventType::GovernanceDual, Outcome::Success).who(Who::nobody(Class::Admin));
    broker
        .writer()
        .append(event)
        .await
        .map_err(|source| PublishError::Audit { source })?;
    tracing::info!("this node has two administrators from now on");
    Ok(())
}

/// The people, not identities, who administer at present: two identities of one person are one administrator.
async fn administrators(broker: &Broker, content: &Content) -> Result<usize, PublishError> {
    let now = broker.now();
    let mut people = BTreeSet::new();
    for row in content.roles.values() {
        if row.role != RoleGrant::Role(ADMINISTRATOR.to_owned()) || row.until <= now {
            continue;
        }
        let known = broker
            .person_of(&row.person)
            .await
            .map_err(|source| PublishError::Store { source })?;
        people.insert(known.map_or_else(|| row.person.to_string(), |person| person.as_str().to_owned()));
    }
    Ok(people.len())
}

#[cfg(test)]
mod tests {
    use visa_verifier::seam::Timestamp;

    use super::*;
    use crate::bootstrap::{self, Bootstrap, BootstrapError};
    use crate::config::Config;
    use crate::store::people;
    use crate::store::roles::RoleRow;
    use crate::testing::{Node, START, bare, catalogue, config, home, node};

    fn administrator(sub: &str) -> RoleRow {
        RoleRow {
            person: home(sub),
            role: RoleGrant::Role(ADMINISTRATOR.to_owned()),
            until: Timestamp::from_unix(START + 86_400),
            revoked: None,
        }
    }

    fn with(role: RoleRow) -> Bootstrap {
        Bootstrap {
            roles: vec![role],
            ..Bootstrap::default()
        }
    }

    fn duals(node: &Node) -> usize {
        let events = node.events();
        events
            .iter()
            .filter(|event| *event == "governance.dual success")
            .count()
    }

    #[tokio::test]
    async fn with_the_second_administrator_a_node_becomes_dual_and_no_file_takes_it_back() {
        let node = node().await;
        assert_eq!((node.broker.governance(), duals(&node)), (Governance::Single, 0));
        bootstrap::apply(&node.broker, with(administrator("olga")))
            .await
            .unwrap();
        assert_eq!((node.broker.governance(), duals(&node)), (Governance::Dual, 1));
        assert_eq!(node.broker.current().load().snapshot().governance, Governance::Dual);
        // her role ends, the configuration still says single, the node starts anew: dual it stays
        node.clock.advance(std::time::Duration::from_secs(2 * 86_400));
        let again = node.again().await.unwrap();
        assert_eq!(again.config().governance, Governance::Single);
        assert_eq!((again.governance(), duals(&node)), (Governance::Dual, 1));
        assert_eq!(again.current().load().snapshot().governance, Governance::Dual);
        let late = bootstrap::apply(&again, catalogue()).await;
        assert!(matches!(late, Err(BootstrapError::Dual)), "{late:?}");
    }

    #[tokio::test]
    async fn two_identities_of_one_person_are_one_administrator() {
        let node = node().await;
        let noor = node.person("noor", "member@biobank.example.org").await;
        let mut tx = node.broker.db().begin().await.unwrap();
        people::attach(&mut tx, &noor.person, &home("noor-too"), false, node.broker.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        bootstrap::apply(&node.broker, with(administrator("noor-too")))
            .await
            .unwrap();
        assert_eq!((node.broker.governance(), duals(&node)), (Governance::Single, 0));
    }

    #[tokio::test]
    async fn an_administrator_whose_role_is_over_is_none() {
        let node = node().await;
        let over = RoleRow {
            until: Timestamp::from_unix(START),
            ..administrator("olga")
        };
        bootstrap::apply(&node.broker, with(over)).await.unwrap();
        assert_eq!(node.broker.governance(), Governance::Single);
    }

    #[tokio::test]
    async fn a_node_that_was_dual_by_its_configuration_stays_dual() {
        let node = bare().await;
        let dual = Config {
            governance: Governance::Dual,
            ..config(&node.dir)
        };
        let broker = node.again_with(dual).await.unwrap();
        assert_eq!((broker.governance(), duals(&node)), (Governance::Dual, 1));
        // nobody is there who could approve: the facts of the start are taken, once
        bootstrap::apply(&broker, catalogue()).await.unwrap();
        assert!(matches!(
            bootstrap::apply(&broker, catalogue()).await,
            Err(BootstrapError::Dual)
        ));
        let single = node.again().await.unwrap();
        assert_eq!(single.governance(), Governance::Dual);
    }
}
