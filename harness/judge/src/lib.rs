//! A pure function of the trace: reads what was recorded and judges it clause by clause
