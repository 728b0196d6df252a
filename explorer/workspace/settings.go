package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/adrg/xdg"
)

// Settings are a user's own, kept from one start to the next.
type Settings struct {
	Light  bool     `json:"light"`
	Safe   bool     `json:"safe"`  // a palette that does not need red told from green
	Scale  float64  `json:"scale"` // of the text, beside the display's own; 0 is 1
	Width  int      `json:"width"` // of the window, in units of the display
	Height int      `json:"height"`
	Recent []string `json:"recent"` // models and sessions, the last one first

	path string // where Save writes; "": nowhere
}

// maxRecent is how many names are remembered.
const maxRecent = 12

// ConfigFile and StateFile are where settings, and what was on the screen, are kept: in the
// folders that the XDG base directory specification names.
func ConfigFile() string { return filepath.Join(xdg.ConfigHome, "headscope", "settings.json") }

// StateFile is the session that was on the screen last.
func StateFile() string { return filepath.Join(xdg.StateHome, "headscope", "session.json") }

// LoadSettings reads settings. A file that is not there gives the defaults; of one that cannot
// be read the error says what is wrong, and the defaults are there as well: Save will replace it.
func LoadSettings(path string) (*Settings, error) {
	s := &Settings{path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	if err != nil {
		return &Settings{path: path}, fmt.Errorf("the settings in %s are not used: %w", path, err)
	}
	s.Grow(1)
	return s, nil
}

// Save writes the settings where they were read.
func (s *Settings) Save() error {
	if s.path == "" {
		return nil
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(s.path, append(data, '\n'))
}

// Grow makes the text so many times larger, between half and three times the usual size.
func (s *Settings) Grow(factor float64) {
	if s.Scale <= 0 {
		s.Scale = 1
	}
	s.Scale = min(max(0.5, s.Scale*factor), 3)
}

// Remember puts a model or session in front of the recent ones.
func (s *Settings) Remember(name string) {
	s.Recent = slices.DeleteFunc(s.Recent, func(o string) bool { return o == name })
	s.Recent = slices.Insert(s.Recent, 0, name)
	s.Recent = s.Recent[:min(len(s.Recent), maxRecent)]
}

// writeFile writes a whole file and makes its folder.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return replaceFile(path, data)
}
