//go:build !linux

package main

import "syscall"

// guardedAttributes give a guarded process a group of its own.
func guardedAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
