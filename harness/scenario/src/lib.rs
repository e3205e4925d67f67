//! A TOML file becomes a Scenario, a Scenario and a seed become a Plan

mod plan;

pub use plan::{Fault, FaultKind, PeerBehaviour, Plan, PlayerPlan, ProviderPlan, Step, Submit, UserPlan};
