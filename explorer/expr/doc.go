// Package expr holds the tree of matrices that a session shows, and what the session says
// of each of them.
//
// A tree comes from an expression ([Parse]: names and structure; [Edit]: a tree to look
// at, with all that could be kept of an older one) or from the JSON object of a session
// ([Read]). Each node carries its settings, resolved against its parent's ([Node.Resolve]).
// It goes back out as an expression ([Node.String]) and as the keys of a session
// ([Node.Keys]). Placement and values are other packages' work.
package expr
