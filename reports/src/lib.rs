//! Every report is a view of a run record
