package standin_test

import (
	"path/filepath"
	"slices"
	"testing"

	"headscope/explorer/leaf/standin"
	"headscope/models/csv"
)

// The first values of two of the files that mm's recordings were made with.
func TestValue(t *testing.T) {
	for file, want := range map[string]float32{
		"layer5_input0_256_768.csv": 0.5231,
		"layer5_wq4_768_64.csv":     0.02256,
	} {
		if got := standin.Value(file, 0, 0); got != want {
			t.Errorf("%s begins with %v, want %v", file, got, want)
		}
	}
}

func TestFileIsWhatTheFinderGives(t *testing.T) {
	const url = "https://example.org/data/input_7_3.csv?raw=true"
	direct, ok, err := standin.Finder{}.Find(url)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	folder := t.TempDir()
	if err := standin.Write(folder, url); err != nil {
		t.Fatal(err)
	}
	read, err := csv.Read(filepath.Join(folder, "input_7_3.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(read.Shape, []int{7, 3}) || !slices.Equal(read.Shape, direct.Shape) || !slices.Equal(read.Data, direct.Data) {
		t.Errorf("%v in the file, %v from the finder", read, direct)
	}
	if got, want := direct.Row(6)[2], standin.Value("input_7_3.csv", 6, 2); got != want {
		t.Errorf("the last value is %v, want %v", got, want)
	}
}

func TestNamesWithoutShape(t *testing.T) {
	for _, url := range []string{"", "a.csv", "a_3.csv", "a_0_3.csv", "a_3_0", "a_999999_1.csv", "a_99999_99999.csv"} {
		if _, ok, err := (standin.Finder{}).Find(url); ok || err != nil {
			t.Errorf("%q: found %v, error %v", url, ok, err)
		}
		if err := standin.Write(t.TempDir(), url); err == nil {
			t.Errorf("%q was written", url)
		}
	}
}
