//! The commands, one file each, each short: they compose the rooms and do
//! nothing that another could want as well.

pub mod account;
pub mod check;
pub mod clean;
pub mod demo;
pub mod report;
pub mod sandbox;
pub mod schema;
pub mod selftest;
pub mod shell;
pub mod suite;
