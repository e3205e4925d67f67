//! Drives nodes through a plan and records what crossed between them
