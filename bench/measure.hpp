// What the benches share: figures whose runs are taken in turns, so that a busy moment of the
// machine meets both sides of a comparison; what is made of them; and how that is told.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

inline constexpr double mebi = 1024.0 * 1024.0;

/// Wall-clock time.
double seconds_of(const std::function<void()>& work);

/// What was measured, in its unit: one value a run.
struct Figure {
  std::string what;
  std::string unit;
  std::vector<double> values;

  double median() const;
  double least() const;
  double most() const;
};

/// Gives one value of the figure each time.
struct Contest {
  Figure figure;
  std::function<double()> once;
};

/// `amount` divided by the seconds that `work` takes.
Contest rate_of(std::string what, std::string unit, double amount, std::function<void()> work);

/// Every contest in turn, so many times.
std::vector<Figure> measure(std::vector<Contest> contests, std::size_t runs);

/// The median of one figure's share of another, run by run: what slowed the machine in a run slowed
/// both.
double share(const Figure& of, const Figure& whole);

/// Throws a Failure: a bench whose runs go wrong measures nothing.
void must(bool holds, const std::string& what);

/// "84.8 %"
std::string percent(double part);
/// Thousands apart; a decimal or two where the number is small.
std::string number(double value);

/// A goal and what came; or a remark, which nothing meets.
struct Verdict {
  std::string text;
  std::optional<bool> met;
};

struct Report {
  std::string title;
  std::vector<Figure> figures;
  std::vector<Verdict> verdicts;
  std::string bound;  ///< what the figures are bounded by
};

/// A table on standard output, or one line of JSON.
void tell(const Report& report, bool json);

}  // namespace bench
