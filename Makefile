# headscope: `make run` and `make test` set up what is missing first.

# Debian packages that headscope needs beside Go and a C compiler: a Vulkan loader, Mesa's
# drivers, among them the one that computes on the CPU where there is no GPU, and what GLFW is
# built against. The tests open windows on a display of their own (xvfb, driven by xdotool).
PACKAGES := libvulkan1 mesa-vulkan-drivers pkg-config libgl-dev libx11-dev libxcursor-dev libxi-dev libxinerama-dev libxrandr-dev libxxf86vm-dev
TEST_PACKAGES := xvfb xauth xdotool

# Packages without cgo: they are tested without a C compiler, which proves that they are.
PURE := ./wgsl/... ./models/... $(patsubst %,./explorer/%/...,expr layout partition anim camera session leaf scene record mmtest)
GPU := ./gpu/... $(patsubst %,./explorer/%/...,eval bench view workspace ui app) ./cmd/...

# Set to a number of seconds to fuzz each reader that long: make fuzz FUZZ=60s
FUZZ := 20s

# How long make soak plays random input into the window.
SOAK := 1h

.PHONY: run build test test-pure test-gpu soak vet golden shots bench fuzz deps test-deps clean

# Opens the window; where there is no display, writes a picture instead.
run: build
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then bin/headscope; else \
	  mkdir -p out && bin/headscope atlas -o out/atlas.png && \
	  echo "There is no display. Wrote out/atlas.png: every layer and head of the built-in model." && \
	  echo "Try your own: bin/headscope atlas --prompt 'Some text' -o out/mine.png"; fi

# The first build compiles Dear ImGui's bindings, which takes some minutes.
build: deps
	go build -o bin/headscope ./cmd/headscope

test: deps test-deps test-pure test-gpu

test-pure:
	CGO_ENABLED=0 go test $(PURE)

# One package at a time: on a software adapter they would share the CPU's cores.
test-gpu:
	go test -p 1 -timeout 30m $(GPU)

# Random input for an hour, or SOAK=10m: handles and memory must stay as they are.
soak: test-deps
	go test ./explorer/app -run TestSoak -soak $(SOAK) -timeout 0 -v

vet:
	@test -z "$$(gofmt -l cmd gpu wgsl explorer models)" || (gofmt -l cmd gpu wgsl explorer models; echo "gofmt -w these files"; exit 1)
	CGO_ENABLED=0 go vet $(PURE)
	go vet ./...

# Rewrites the golden pictures from what is drawn now: look at them before committing.
golden: deps
	go test -p 1 ./gpu/render ./explorer/view ./explorer/ui ./explorer/app -update

# Draws the pictures of the documentation anew: look at them before committing.
shots: build test-deps
	@mkdir -p docs/shots docs/tour
	bin/headscope shots docs/shots
	bin/headscope atlas -o docs/atlas.png
	bin/headscope render --head L1H2 -o docs/head.png
	xvfb-run -a -s "-screen 0 1280x800x24" bin/headscope explore --size 1280x800 --script docs/tour.script
	@for f in docs/films/*.json; do \
	  bin/headscope record $$f -o $${f%.json}.gif --size 480x300 --fps 12 --seconds 5 || exit 1; done

bench: build
	bin/headscope bench attention --heads 1 -o out/attention.json --plot out/attention.png
	bin/headscope bench matmul -o out/matmul.json --plot out/matmul.png
	bin/headscope bench load -o out/load.json --plot out/load.png
	bin/headscope bench draw -o out/draw.json --plot out/draw.png

fuzz:
	@for p in $$(CGO_ENABLED=0 go list $(PURE)); do \
	  for f in $$(CGO_ENABLED=0 go test -list '^Fuzz' $$p | grep ^Fuzz); do \
	    echo "$$p $$f"; CGO_ENABLED=0 go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZ) -fuzzminimizetime 10x $$p || exit 1; \
	  done; done

# Installs the missing packages where apt is, else says what is needed.
deps: MISSING = $(PACKAGES)
test-deps: MISSING = $(TEST_PACKAGES)
deps test-deps:
	@if command -v apt-get >/dev/null 2>&1; then \
	  missing=""; \
	  for p in $(MISSING); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	  if [ -n "$$missing" ]; then \
	    if [ "$$(id -u)" = 0 ]; then as=""; elif command -v sudo >/dev/null 2>&1; then as="sudo"; \
	    else echo "headscope needs:$$missing. Ask an administrator to run: apt-get install$$missing"; exit 1; fi; \
	    echo "Installing$$missing"; \
	    $$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  fi; \
	elif [ "$$(uname)" = Linux ] && ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1; then \
	  echo "headscope needs a Vulkan loader and driver: install your distribution's packages"; \
	  echo "(Fedora: vulkan-loader mesa-vulkan-drivers; Arch: vulkan-icd-loader vulkan-swrast or your GPU's),"; \
	  echo "and for the window the headers of X11 (Fedora: libX11-devel libXcursor-devel libXi-devel"; \
	  echo "libXinerama-devel libXrandr-devel libXxf86vm-devel mesa-libGL-devel; Arch: libx11 libxcursor libxi libxinerama libxrandr mesa)"; exit 1; \
	fi
	@command -v g++ >/dev/null 2>&1 || command -v clang++ >/dev/null 2>&1 || (echo "headscope needs a C and C++ compiler: install gcc and g++, or clang"; exit 1)

clean:
	rm -rf bin out
