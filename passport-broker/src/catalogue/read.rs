//! Governed rows as others may use them: only those that the log vouches for. A row entered or edited by hand is left
//! out and alarms; it never becomes a visa, a client or a login provider.

use policy_engine::consent::ResearchPurpose;
use policy_engine::snapshot::RoleGrant;
use visa_verifier::VisaIdentity;

use crate::broker::Broker;
use crate::store::clients::ClientRow;
use crate::store::governed::{self, Governed, RowKind, Sealed};
use crate::store::grants::{DefaultPurpose, Grant};
use crate::store::links::LinkRow;
use crate::store::people::{self, Identity, PersonId};
use crate::store::register::UpstreamRow;
use crate::store::roles::RoleRow;
use crate::store::statements::StatementRow;
use crate::store::{Db, StoreError};

impl Broker {
    /// One row by its id, live or not.
    ///
    /// # Errors
    /// The database is down.
    pub async fn find<T: Governed>(&self, id: &str) -> Result<Option<T>, StoreError> {
        let rows = governed::newest(&mut self.db(), T::KIND, id).await?;
        Ok(self.vouched(rows.into_iter().collect()).await.into_iter().next())
    }

    /// All live rows of a table, by id.
    ///
    /// # Errors
    /// The database is down.
    pub async fn live<T: Governed>(&self) -> Result<Vec<T>, StoreError> {
        let rows = governed::all_newest(&mut self.db(), T::KIND).await?;
        Ok(self.vouched_live(rows).await)
    }

    /// The live rows of a table that concern an identity (`sub,iss`) or a person's id.
    ///
    /// # Errors
    /// The database is down.
    pub async fn of_person<T: Governed>(&self, person: &str) -> Result<Vec<T>, StoreError> {
        let rows = governed::newest_of_person(&mut self.db(), T::KIND, person).await?;
        Ok(self.vouched_live(rows).await)
    }

    /// The live rows of a table that concern a dataset.
    ///
    /// # Errors
    /// The database is down.
    pub async fn of_dataset<T: Governed>(&self, dataset: &str) -> Result<Vec<T>, StoreError> {
        let rows = governed::newest_of_dataset(&mut self.db(), T::KIND, dataset).await?;
        Ok(self.vouched_live(rows).await)
    }

    /// A live client.
    ///
    /// # Errors
    /// The database is down.
    pub async fn client(&self, id: &str) -> Result<Option<ClientRow>, StoreError> {
        Ok(self.find::<ClientRow>(id).await?.filter(Governed::live))
    }

    /// The upstream providers, by id.
    ///
    /// # Errors
    /// The database is down.
    pub async fn upstreams(&self) -> Result<Vec<UpstreamRow>, StoreError> {
        self.live().await
    }

    /// All identities under which a person may have been named in grants and roles: those of linked providers, and
    /// our own (`sub` = the person's id at our issuer), which comes first.
    ///
    /// # Errors
    /// The database is down.
    pub async fn identities(&self, person: &PersonId) -> Result<Vec<VisaIdentity>, StoreError> {
        let mut all = vec![self.identity_of(person)?];
        all.extend(self.counting(person).await?.into_iter().map(|entry| entry.identity));
        Ok(all)
    }

    /// The identities of a person at providers that carry rights now, oldest first: not taken off, proven within a
    /// year, and, but for the first of the account, added by a step that is on record.
    ///
    /// # Errors
    /// The database is down.
    pub async fn counting(&self, person: &PersonId) -> Result<Vec<Identity>, StoreError> {
        let now = self.now();
        let all = people::identities(&mut self.db(), person).await?;
        if all.len() == 1 {
            let counts = |entry: &Identity| entry.unlinked.is_none() && now < entry.proven_until();
            return Ok(all.into_iter().filter(counts).collect());
        }
        let (mut counting, mut first) = (Vec::new(), true);
        for entry in all {
            let added = match self.find::<LinkRow>(&entry.identity.to_string()).await? {
                Some(row) => row.ended.is_none() && row.person == *person,
                None => std::mem::take(&mut first),
            };
            if added && entry.unlinked.is_none() && now < entry.proven_until() {
                counting.push(entry);
            }
        }
        Ok(counting)
    }

    /// A person as our own tokens name them.
    ///
    /// # Errors
    /// An id that is no subject: a row that no function of ours wrote.
    pub fn identity_of(&self, person: &PersonId) -> Result<VisaIdentity, StoreError> {
        let sub = person.as_str().parse().map_err(|_| StoreError::Inconsistent {
            table: "people",
            column: "id",
        })?;
        Ok(VisaIdentity::new(self.config().issuer.clone(), sub))
    }

    /// The person of an identity, ours or an upstream one's.
    ///
    /// # Errors
    /// The database is down.
    pub async fn person_of(&self, identity: &VisaIdentity) -> Result<Option<PersonId>, StoreError> {
        let mut db: Db = self.db();
        if identity.iss == self.config().issuer {
            let id = PersonId::from_text(identity.sub.as_str());
            return Ok(people::by_id(&mut db, &id).await?.map(|person| person.id));
        }
        Ok(people::by_identity(&mut db, identity).await?.map(|person| person.id))
    }

    /// The grants in force for a person, newest first.
    ///
    /// # Errors
    /// The database is down.
    pub async fn grants_of(&self, person: &PersonId) -> Result<Vec<Grant>, StoreError> {
        let now = self.now();
        let mut grants = Vec::new();
        for identity in self.identities(person).await? {
            let found: Vec<Grant> = self.of_person(&identity.to_string()).await?;
            grants.extend(
                found
                    .into_iter()
                    .filter(|grant| grant.starts <= now && now < grant.until),
            );
        }
        grants.sort_by(|a, b| b.starts.cmp(&a.starts).then_with(|| a.id.cmp(&b.id)));
        Ok(grants)
    }

    /// What this node says of a person now, beside grants.
    ///
    /// # Errors
    /// The database is down.
    pub async fn statements_of(&self, person: &PersonId) -> Result<Vec<StatementRow>, StoreError> {
        let now = self.now();
        let mut said = Vec::new();
        for identity in self.identities(person).await? {
            let found: Vec<StatementRow> = self.of_person(&identity.to_string()).await?;
            said.extend(found.into_iter().filter(|row| row.asserted <= now && now < row.until));
        }
        Ok(said)
    }

    /// A person's default purpose, if they chose one.
    ///
    /// # Errors
    /// The database is down.
    pub async fn default_purpose_of(&self, person: &PersonId) -> Result<Option<ResearchPurpose>, StoreError> {
        Ok(self
            .find::<DefaultPurpose>(person.as_str())
            .await?
            .and_then(|row| row.purpose))
    }

    /// The roles and committees of a person in force now.
    ///
    /// # Errors
    /// The database is down.
    pub async fn roles_of(&self, person: &PersonId) -> Result<Vec<RoleGrant>, StoreError> {
        let now = self.now();
        let mut roles = Vec::new();
        for identity in self.identities(person).await? {
            let found: Vec<RoleRow> = self.of_person(&identity.to_string()).await?;
            for row in found.into_iter().filter(|row| now < row.until) {
                if !roles.contains(&row.role) {
                    roles.push(row.role);
                }
            }
        }
        Ok(roles)
    }

    async fn vouched_live<T: Governed>(&self, rows: Vec<Sealed>) -> Vec<T> {
        self.vouched(rows.into_iter().filter(|row| row.live).collect()).await
    }

    async fn vouched<T: Governed>(&self, rows: Vec<Sealed>) -> Vec<T> {
        self.follow_for(&rows).await;
        let mut ledger = self.ledger();
        ledger.follow(self.writer());
        rows.into_iter()
            .filter_map(|row| match row.read::<T>() {
                Ok(meaning) if ledger.vouches(&row) => Some(meaning),
                Ok(_) | Err(_) => {
                    alarm(row.kind, &row.id);
                    None
                }
            })
            .collect()
    }
}

fn alarm(kind: RowKind, id: &str) {
    tracing::error!(
        row.kind = kind.word(),
        row.id = id,
        code = "catalogue.db_not_as_logged",
        "a row is not as logged and is left out"
    );
}
