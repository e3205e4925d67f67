//! A TOML file becomes a [`Scenario`], a [`Scenario`] and a seed become a [`Plan`].
//!
//! Whatever a person can get wrong is found here, with its file, its line and the nearest right word; behind
//! [`Scenario::read`] nothing is a raw string. Nothing here knows what certified mail must do: the clauses that a
//! scenario may name are the caller's, and what it expects goes to the judge as it stands.

mod attach;
mod cast;
mod compose;
mod draw;
mod encode;
mod error;
mod expect;
mod fault;
mod find;
mod guest;
mod letter;
mod measure;
mod plan;
mod player;
mod profile;
mod scenario;
mod source;
mod step;
mod topology;

pub use error::{Error, Flaw, Hint};
pub use find::{discover, matches};
pub use guest::{Guest, Moved};
pub use plan::{
    Access, CrashPoint, Family, Fault, FaultKind, Forgery, IndexFault, IndexSource, Inquiry, OUTSIDE, PeerBehaviour,
    Plan, PlayerPlan, ProviderPlan, Step, Submit, UnitPlan, UserPlan, Visit,
};
pub use scenario::{Scenario, Vocabulary, World};
pub use topology::{topology, topology_text};
