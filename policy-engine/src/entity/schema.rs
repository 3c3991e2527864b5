//! The embedded Cedar schema and its entity types.

use std::{str::FromStr, sync::OnceLock};

use cedar_policy::{Entities, EntityId, EntityTypeName, EntityUid, Schema};

use crate::{error::BundleError, intent::Action, policy::SCHEMA};

/// The parsed schema with what every question needs of it.
pub(crate) struct SchemaParts {
    pub(crate) schema: Schema,
    pub(crate) types: Types,
    /// The action entities with their groups: without them `action in …` never holds.
    pub(crate) actions: Entities,
}

impl SchemaParts {
    /// The embedded schema, parsed once.
    pub(crate) fn shared() -> Result<&'static Self, BundleError> {
        static SHARED: OnceLock<SchemaParts> = OnceLock::new();
        if let Some(parts) = SHARED.get() {
            return Ok(parts);
        }
        let parts = Self::embedded()?;
        Ok(SHARED.get_or_init(|| parts))
    }

    /// Parses the embedded schema.
    pub(crate) fn embedded() -> Result<Self, BundleError> {
        let fault = |message: String| BundleError::Schema { message };
        let (schema, warnings) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| fault(error.to_string()))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(fault(warning.to_string()));
        }
        let actions = schema.action_entities().map_err(|error| fault(error.to_string()))?;
        let types = Types::new().map_err(fault)?;
        Ok(Self { schema, types, actions })
    }
}

impl std::fmt::Debug for SchemaParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SchemaParts")
            .field("actions", &self.actions.len())
            .finish_non_exhaustive()
    }
}

macro_rules! types {
    ($($field:ident = $name:literal),* $(,)?) => {
        /// The entity types of the schema, parsed once.
        #[derive(Debug)]
        pub(crate) struct Types {
            $(pub(crate) $field: EntityTypeName,)*
        }

        impl Types {
            fn new() -> Result<Self, String> {
                Ok(Self {
                    $($field: EntityTypeName::from_str(concat!("Visum::", $name)).map_err(|error| error.to_string())?,)*
                })
            }
        }
    };
}

types! {
    action = "Action",
    verdict = "Verdict",
    data_class = "DataClass",
    access_mode = "AccessMode",
    dataset_state = "DatasetState",
    client_kind = "ClientKind",
    task_state = "TaskState",
    app_state = "AppState",
    purpose_basis = "PurposeBasis",
    hold_kind = "HoldKind",
    change_kind = "ChangeKind",
    governance = "Governance",
    region = "Region",
    country = "Country",
    disease = "Disease",
    institution = "Institution",
    role = "Role",
    dac = "Dac",
    group = "Group",
    researcher = "Researcher",
    service = "Service",
    collection = "Collection",
    dataset = "Dataset",
    storage = "StorageLocation",
    image = "Image",
    tool = "Tool",
    task = "Task",
    run = "Run",
    application = "Application",
    policy_bundle = "PolicyBundle",
    change_set = "ChangeSet",
    hold = "Hold",
    stop_list = "StopList",
    audit_log = "AuditLog",
}

/// The entity of a type and id.
pub(crate) fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

impl Types {
    /// The entity of an action.
    pub(crate) fn action(&self, action: Action) -> EntityUid {
        uid(&self.action, action.name())
    }
}

#[cfg(test)]
mod tests {
    use super::SchemaParts;
    use crate::intent::Action;

    #[test]
    fn the_actions_of_the_code_are_those_of_the_schema() {
        let parts = SchemaParts::embedded().unwrap();
        for action in Action::ALL {
            assert!(
                parts.schema.actions().any(|known| *known == parts.types.action(action)),
                "{action}"
            );
        }
        let groups = parts.schema.action_groups().count();
        assert_eq!(parts.schema.actions().count(), Action::ALL.len() + groups);
        assert_eq!((parts.actions.len(), groups), (51, 10));
    }

    #[test]
    fn the_action_groups_of_the_code_are_those_of_the_schema() {
        let parts = SchemaParts::embedded().unwrap();
        let group = |name: &str| super::uid(&parts.types.action, name);
        for action in Action::ALL {
            let within = |name: &str| parts.actions.is_ancestor_of(&group(name), &parts.types.action(action));
            assert_eq!(within("data"), action.uses_data(), "{action}");
            assert_eq!(within("data:release"), action.releases(), "{action}");
            assert_eq!(within("data:compute"), action.computes(), "{action}");
        }
    }
}
