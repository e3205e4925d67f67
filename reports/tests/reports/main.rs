//! Reports of a hand-made run.

mod fixture;
mod html;
mod story;
mod text;
