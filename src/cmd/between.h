#ifndef WIDEBERTH_CMD_BETWEEN_H_
#define WIDEBERTH_CMD_BETWEEN_H_

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

namespace wideberth::cmd {

// That an option is a number from `lower` to `upper`. CLI::Range lets through what is no number at all.
inline CLI::Validator Between(double lower, double upper) {
  return CLI::Validator(
      [lower, upper](const std::string& text) {
        double value = 0;
        const bool in = CLI::detail::lexical_cast(text, value) && value >= lower && value <= upper;
        return in ? std::string() : fmt::format("\"{}\" is not a number from {} to {}", text, lower, upper);
      },
      fmt::format("NUMBER in [{} - {}]", lower, upper));
}

}  // namespace wideberth::cmd

#endif  // WIDEBERTH_CMD_BETWEEN_H_
