//! Clients of the OpenID Provider: where codes may go.

mod redirect;

pub use redirect::redirect_fits;
