//! Whole-system tests: the release binary over HTTP on loopback, as people use it. One binary, a module a file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod agent;
mod application;
mod ask_first;
mod bad_input;
mod cli;
mod client;
mod consent_service;
mod dead_backends;
mod dead_parts;
mod docs_broker;
mod docs_committees;
mod docs_policy_authors;
mod docs_researchers;
mod governance;
mod imports;
mod lockdown;
mod login;
mod mail;
mod once;
mod pages;
mod passport_commands;
mod passport_door;
mod policy_commands;
mod postgres;
mod replicas;
mod restore;
mod tls;
mod tour;
