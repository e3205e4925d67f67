//! The program: scenario file to judged, reported run
