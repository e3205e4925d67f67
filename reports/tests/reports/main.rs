//! Reports of a hand-made run.

mod fixture;
mod html;
mod opinion;
mod story;
mod text;
