//! Whose task, which datasets, on which decision; lists and reads come from our own index (D7).

pub(crate) mod page;
