//! The provider as its neighbours see it: each test stands nodes in a small world and looks at wires and disks.

mod crashes;
mod flows;
mod limits;
mod queue;
mod world;
