//! The reference provider of certified mail: a state machine without IO
