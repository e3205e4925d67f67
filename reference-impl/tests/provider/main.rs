//! The provider as its neighbours see it: each test stands nodes in a small world and looks at wires and disks.

mod crashes;
mod documents;
mod flows;
mod limits;
mod policies;
mod queue;
mod seals;
mod viruses;
mod visits;
mod world;
