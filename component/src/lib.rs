//! The component is all of `cosignet`, linked. It is a crate of its own for the sake of flags that
//! must reach the linking compiler alone:
//!
//! - its optimisation level is that of the passes over the whole program, which decide whether
//!   scrypt's loops become SIMD, while every function keeps the level of the crate it is from;
//! - the instructions that the machine has. Said to every crate, they would set it apart from the
//!   standard library, which was compiled without, and no argument that a panic does not need
//!   would be left out: 50 KB of words and places that nobody can read.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate cosignet;
