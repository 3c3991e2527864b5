//! Pages: the frame around them, their security headers, their forms.
//!
//! No page has a script. Every page is a template in `templates/`, filled by a type that has no HTML in it;
//! what stands in a page comes through the template's escaping, never by hand.

mod fields;
mod form;
mod layout;

pub(crate) use fields::{FieldProblem, Fields};
pub(crate) use form::{Csrf, same_origin};
pub(crate) use layout::{Frame, LeavePage, ProblemPage, Signed, Targets, can_be_a_source, show, style_sheet};
