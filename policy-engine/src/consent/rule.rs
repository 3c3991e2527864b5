//! The rule table: which DUO terms there are, and what each permission says to each category (`consent.md` 2.4, 2.7).
//!
//! Data, read once from `rules/`; what a modifier asks of the facts stands in `judge`.

use std::collections::HashMap;

use super::purpose::Category;
use super::sheet::Sheet;
use super::tables::TablesError;
use super::word::words;

words! {
    /// A permission term. Every group needs one.
    Permission, "permission" {
        /// No restriction.
        Nres = "NRES",
        /// General research use.
        Gru = "GRU",
        /// Health, medical, biomedical.
        Hmb = "HMB",
        /// Named diseases.
        Ds = "DS",
        /// Population origins or ancestry only.
        Poa = "POA",
        /// Obsolete: general research use and clinical care, by its old definition.
        GruCc = "GRU-CC",
    }
}

words! {
    /// A modifier term.
    Modifier, "modifier" {
        /// Research type.
        Rs = "RS",
        /// Obsolete: research use only.
        Ru = "RU",
        /// No general methods research.
        Nmds = "NMDS",
        /// Genetic studies only.
        Gso = "GSO",
        /// Not for profit and non-commercial.
        Npuncu = "NPUNCU",
        /// Publication required.
        Pub = "PUB",
        /// Collaboration required.
        Col = "COL",
        /// Ethics approval required.
        Irb = "IRB",
        /// Geographical restriction.
        Gs = "GS",
        /// Publication moratorium.
        Mor = "MOR",
        /// Time limit.
        Ts = "TS",
        /// User specific.
        Us = "US",
        /// Project specific.
        Ps = "PS",
        /// Institution specific.
        Is = "IS",
        /// Return of results.
        Rtn = "RTN",
        /// Clinical care allowed: the only one that widens.
        Cc = "CC",
        /// No ancestry or population research.
        Npoa = "NPOA",
        /// Not-for-profit organisations only.
        Npu = "NPU",
        /// Non-commercial use only.
        Ncu = "NCU",
    }
}

/// What a term of a label is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// A permission.
    Permission(Permission),
    /// A modifier.
    Modifier(Modifier),
    /// Part of the ontology, no use condition: denies.
    NotALabel,
    /// An obsolete term without meaning: denies.
    Meaningless,
}

/// Which values a term takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Takes {
    /// None.
    Nothing,
    /// A list that it needs.
    Values,
    /// A list that it may lack.
    OptionalValues,
    /// A day.
    Date,
    /// A number of months.
    Months,
}

/// A row of the term table.
#[derive(Clone, Debug)]
pub struct TermRule {
    /// What it is.
    pub rule: Rule,
    /// What it takes.
    pub takes: Takes,
    /// Obsolete, yet judged by its old meaning.
    pub deprecated: bool,
    /// The first release in which its meaning holds, `YYYY-MM-DD`; empty: all.
    pub meaning_since: Box<str>,
    /// The label for people.
    pub label: Box<str>,
}

/// A cell of the permission table, by its letter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cell {
    /// P: permit.
    Permit,
    /// R: a person judges.
    Review,
    /// D: deny.
    Deny,
    /// C: permit with CC, else deny.
    Care,
    /// A: review beside `ancestry`, else deny.
    BesideAncestry,
    /// H: review beside a health aim, else deny.
    BesideHealth,
}

/// Terms and permissions.
#[derive(Clone, Debug)]
pub struct Rules {
    terms: HashMap<Box<str>, TermRule>,
    cells: HashMap<(Permission, Category), Cell>,
}

impl Rules {
    /// Reads the two tables. A category or permission without a cell is a fault of the table.
    ///
    /// # Errors
    /// [`TablesError`] if a table cannot be read or has a gap.
    pub fn from_csv(terms: &str, permissions: &str) -> Result<Self, TablesError> {
        Ok(Self {
            terms: term_rules(terms)?,
            cells: cells(permissions)?,
        })
    }

    /// The row of a term; None: unknown.
    #[must_use]
    pub fn term(&self, id: &str) -> Option<&TermRule> {
        self.terms.get(id)
    }

    /// The id as this table has it.
    pub(crate) fn id(&self, id: &str) -> Option<&str> {
        self.terms.get_key_value(id).map(|(id, _)| &**id)
    }

    /// Every label with its id.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.terms.iter().map(|(id, row)| (&*row.label, &**id))
    }

    /// Every id, sorted.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.terms.keys().map(|id| &**id).collect();
        ids.sort_unstable();
        ids
    }

    /// What a permission says to a category. Barred words and `unstated` have no cell and are judged elsewhere:
    /// they come out as denied.
    #[must_use]
    pub fn cell(&self, permission: Permission, category: Category) -> Cell {
        self.cells.get(&(permission, category)).copied().unwrap_or(Cell::Deny)
    }
}

fn term_rules(text: &str) -> Result<HashMap<Box<str>, TermRule>, TablesError> {
    let sheet = Sheet::parse(text).map_err(|error| TablesError::sheet("terms", error))?;
    let mut terms = HashMap::new();
    for row in sheet.rows() {
        let id = row.field("id");
        let fault = || TablesError::entry("terms", id);
        let word = row.field("shorthand");
        let rule = match row.field("kind") {
            "permission" | "obsolete-permission" => Rule::Permission(word.parse().map_err(|_| fault())?),
            "modifier" | "obsolete-modifier" => Rule::Modifier(word.parse().map_err(|_| fault())?),
            "structure" | "investigation" | "property" => Rule::NotALabel,
            "obsolete" => Rule::Meaningless,
            _ => return Err(fault()),
        };
        let takes = match row.field("value") {
            "" | "none" => Takes::Nothing,
            "disease" | "research_type" | "region" => Takes::Values,
            "collaborator (optional)" | "user (optional)" | "project (optional)" | "institution (optional)" => {
                Takes::OptionalValues
            }
            "date" => Takes::Date,
            "months" => Takes::Months,
            _ => return Err(fault()),
        };
        let term = TermRule {
            rule,
            takes,
            deprecated: row.field("deprecated") == "true",
            meaning_since: row.field("meaning_since").into(),
            label: row.field("label").into(),
        };
        if terms.insert(Box::from(id), term).is_some() {
            return Err(fault());
        }
    }
    Ok(terms)
}

fn cells(text: &str) -> Result<HashMap<(Permission, Category), Cell>, TablesError> {
    let sheet = Sheet::parse(text).map_err(|error| TablesError::sheet("permissions", error))?;
    let mut cells = HashMap::new();
    for row in sheet.rows() {
        let fault = || TablesError::entry("permissions", row.field("category"));
        let category: Category = row.field("category").parse().map_err(|_| fault())?;
        for column in sheet.columns().iter().filter(|column| *column != "category") {
            let permission: Permission = column.parse().map_err(|_| fault())?;
            let cell = match row.field(column) {
                "P" => Cell::Permit,
                "R" => Cell::Review,
                "D" => Cell::Deny,
                "C" => Cell::Care,
                "A" => Cell::BesideAncestry,
                "H" => Cell::BesideHealth,
                _ => return Err(fault()),
            };
            cells.insert((permission, category), cell);
        }
    }
    let judged = Category::ALL
        .iter()
        .filter(|word| !super::Categories::of(&[**word]).aims_and_scope().is_empty());
    for category in judged {
        if Permission::ALL
            .iter()
            .any(|permission| !cells.contains_key(&(*permission, *category)))
        {
            return Err(TablesError::entry("permissions", category.as_str()));
        }
    }
    Ok(cells)
}
