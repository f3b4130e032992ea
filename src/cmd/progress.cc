#include "cmd/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

namespace wideberth::cmd {
namespace {

constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

Progress::Progress(When when)
    : on_(when == When::kAlways || (when == When::kAuto && isatty(STDERR_FILENO) == 1)),
      next_(std::chrono::steady_clock::now() + kInterval),
      start_(std::chrono::steady_clock::now()) {}

bool Progress::Due() {
  if (!on_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return false;
  next_ = now + kInterval;
  return true;
}

void Progress::Show(const std::string& line) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  fmt::print(stderr, "\r\033[K{}  ({:.0f} s)", line, seconds);
  std::fflush(stderr);
  shown_ = true;
}

void Progress::Share(std::string_view what, double share) {
  if (!Due()) return;
  constexpr int kBarWidth = 24;
  const int full = static_cast<int>(share * kBarWidth);
  Show(fmt::format("{:<9} [{}{}] {:3.0f} %", what, std::string(static_cast<size_t>(full), '#'),
                   std::string(static_cast<size_t>(kBarWidth - full), '.'), share * 100));
}

void Progress::Bytes(std::string_view what, uint64_t bytes) {
  if (Due()) Show(fmt::format("{:<9} {:.1f} MB", what, static_cast<double>(bytes) / 1e6));
}

void AddProgressOption(CLI::App& subcommand, Progress::When& when) {
  static const std::map<std::string, Progress::When> kWhen{
      {"auto", Progress::When::kAuto}, {"always", Progress::When::kAlways}, {"never", Progress::When::kNever}};
  subcommand.add_option("--progress", when, "A line on stderr that shows how far it is; auto: on a terminal")
      ->transform(CLI::CheckedTransformer(kWhen, CLI::ignore_case).description("{auto,always,never}"))
      ->default_str("auto");
}

void Progress::Clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace wideberth::cmd
