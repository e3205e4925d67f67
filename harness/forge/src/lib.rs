//! The third hand: writes and signs messages as a provider would, or as none should
