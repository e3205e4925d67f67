//! Bent traces and bent providers: the proof that checks can fail
