//! Clients and servers that others wrote, in front of and behind the gate. Each is installed and started by a script
//! beside this file; one that can't be had fails its test.

mod login;
mod py_tes;
mod script;
mod wes;
