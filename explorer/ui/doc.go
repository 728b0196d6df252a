// Package ui is the window's user interface: Dear ImGui and ImPlot, drawn by our own
// pipeline. It is the only package that imports them.
//
// A [Context] owns both. Input goes in as values of [Event], whoever made them: a window, a
// script or a test. A frame is
//
//	c.Begin(width, height, scale, dt)
//	... widgets, by functions of package imgui ...
//	c.End(rec, target)
//
// and everything in it is measured in pixels of the target, so that widgets, scenes and the
// mouse share one system of coordinates; scale is how many of them a unit of the design
// takes, 1 on plain displays, 2 on finer ones.
//
// Nothing moves by itself: no cursor blinks and no tooltip waits. Frames are needed after
// events, and then as long as [Context.Pending] says so.
//
// A wrong use of Dear ImGui, such as a Begin without its End, panics with
// imgui.AssertionError.
package ui
