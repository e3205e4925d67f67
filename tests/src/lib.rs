//! House rules, determinism, scenarios, snapshots, command line
