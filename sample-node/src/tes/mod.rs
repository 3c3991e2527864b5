//! A TES 1.1-shaped server: stages inputs, runs local programs that its settings name, uploads outputs.
//!
//! A task has a scratch folder of its own and a cleared environment. **It isolates nothing more** unless told: programs run
//! as the server's user, on its network. That is why only named tools run, pinned by the digest of their executable. Tools
//! that run scripts get namespaces of their own for files and processes ([`space`]), or are refused. A setting closes the
//! network of all of them but for one address ([`closed`]).

mod closed;
mod command;
mod engine;
mod image;
mod path;
mod plan;
mod routes;
mod run;
mod space;
mod stage;
mod state;
mod task;
mod tool;

pub use engine::Note;
pub(crate) use engine::Tes;
pub(crate) use routes::router;
pub(crate) use task::NewTask;
pub use tool::Tool;
