#ifndef WIDEBERTH_CMD_PROGRESS_H_
#define WIDEBERTH_CMD_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace wideberth::cmd {

// One line on a terminal (stderr) that says what goes on and how far it is; nothing at all where stderr is no
// terminal, unless it was asked for. Thread-compatible.
class Progress {
 public:
  enum class When { kAuto, kAlways, kNever };

  explicit Progress(When when);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows "what: 42 %"; `share` in 0..1. Cheap: it writes at most ten times a second.
  void Share(std::string_view what, double share);
  // Shows "what: 12.3 MB", for what has no known end.
  void Bytes(std::string_view what, uint64_t bytes);
  // Takes the line away, before anything else is written to the terminal.
  void Clear();

 private:
  // Whether the line is due; the first tenth of a second shows nothing, so that short work leaves no flicker.
  bool Due();
  void Show(const std::string& line);

  bool on_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
  std::chrono::steady_clock::time_point start_;
};

// Adds --progress. `when` outlives the subcommand.
void AddProgressOption(CLI::App& subcommand, Progress::When& when);

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_PROGRESS_H_
