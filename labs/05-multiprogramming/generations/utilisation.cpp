#include "generations/utilisation.hpp"

#include <algorithm>
#include <cmath>

#include "generations/in_memory.hpp"
#include "generations/report.hpp"
#include "language.hpp"
#include "random.hpp"
#include "simulation/machine.hpp"

namespace generations {

using dialtone::Random;
using dialtone::tr;
using simulation::Burst;

double repairman(int programs, double wait) {
  const double ratio = (1 - wait) / wait;
  double term = 1;
  double sum = 1;
  for (int k = 1; k <= programs; ++k) {
    term *= ratio * (programs - k + 1);
    sum += term;
  }
  return 1 - 1 / sum;
}

namespace {

/// An exponential time in whole ticks, 1 at least. With a mean of many ticks the rounding changes
/// the mean by far less than it varies.
Time exponential(Random& random, double mean) {
  const double uniform = (static_cast<double>(random.bits() >> 11U) + 0.5) * 0x1.0p-53;
  return std::max<Time>(1, std::llround(-mean * std::log(uniform)));
}

}  // namespace

double simulate_utilisation(int programs, double wait, std::uint64_t seed, std::size_t bursts) {
  const double cpu = wait > 0.9 ? 40 : 200;  // ticks: the work must stay below 2^31 of them
  const double io = cpu * wait / (1 - wait);
  Random random(seed);
  simulation::Workload workload;
  // A little more than is needed, so that nobody runs out before the end.
  const std::size_t each = bursts / static_cast<std::size_t>(programs);
  std::vector<Burst> stretch;
  for (int i = 0; i < programs; ++i) {
    stretch.clear();
    for (std::size_t b = 0; b < each + each / 20 + 100; ++b) {
      stretch.push_back({exponential(random, cpu), Burst::cpu});
      stretch.push_back({exponential(random, io), 0});
    }
    workload.add({}, stretch);
  }
  simulation::Options options;
  options.horizon =
      static_cast<Time>(static_cast<double>(each) * programs * cpu / repairman(programs, wait));
  const auto figures = simulation::run(
      workload, [] { return std::make_unique<SwitchOnIo>(); }, options);
  return static_cast<double>(figures.cores[0].busy) / static_cast<double>(figures.end);
}

std::vector<DegreeFigures> utilisation(int most, double wait, std::uint64_t seed) {
  std::vector<DegreeFigures> all;
  for (int n = 1; n <= most; ++n)
    all.push_back({n, simulate_utilisation(n, wait, seed + static_cast<std::uint64_t>(n)),
                   repairman(n, wait), 1 - std::pow(wait, n)});
  return all;
}

std::string curve(const std::vector<DegreeFigures>& figures, std::size_t columns, bool unicode) {
  std::string text;
  const std::size_t width = columns > 30 ? columns - 20 : 20;
  for (const DegreeFigures& one : figures) {
    const auto at = [width](double value) {
      const auto column = std::lround(value * static_cast<double>(width - 1));
      return std::min(width - 1, static_cast<std::size_t>(column));
    };
    std::string number = std::to_string(one.programs);
    text += std::string(4 - std::min<std::size_t>(3, number.size()), ' ') + number + " ";
    for (std::size_t i = 0; i < width; ++i) {
      if (i == at(one.simulated))
        text += unicode ? "●" : "*";
      else if (i == at(one.simple))
        text += unicode ? "○" : "o";
      else if (i < at(one.simulated))
        text += unicode ? "─" : "-";
      else
        text += ' ';
    }
    text += "  " + with_decimals(100 * one.simulated, 1) + " %\n";
  }
  return text;
}

namespace {

std::string polyline(const std::vector<DegreeFigures>& figures, double DegreeFigures::*value,
                     const char* style) {
  std::string points;
  const double step = 640.0 / static_cast<double>(std::max<std::size_t>(1, figures.size() - 1));
  for (std::size_t i = 0; i < figures.size(); ++i)
    points += with_decimals(60 + step * static_cast<double>(i), 1) + "," +
              with_decimals(340 - 300 * (figures[i].*value), 1) + " ";
  return "<polyline points=\"" + points + "\" fill=\"none\" stroke-width=\"2\" " + style + "/>\n";
}

std::string label(double x, double y, const std::string& text, const char* anchor) {
  return "<text x=\"" + with_decimals(x, 1) + "\" y=\"" + with_decimals(y, 1) +
         "\" text-anchor=\"" + anchor + "\">" + text + "</text>\n";
}

}  // namespace

std::string curve_svg(const std::vector<DegreeFigures>& figures, double wait) {
  const std::string title =
      tr("CPU utilisation against the degree of multiprogramming, p = ", "CPU 利用率与道数，p = ") +
      with_decimals(wait, 2);
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 420\" role=\"img\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n<title>" +
      title +
      "</title>\n<style>text{fill:#222}.axis{stroke:#888}.grid{stroke:#8884}"
      ".simple{stroke:#b35900}.exact{stroke:#1f5fa8}.dot{fill:#1f5fa8}"
      "@media(prefers-color-scheme:dark){text{fill:#ddd}.simple{stroke:#f0a050}"
      ".exact{stroke:#7ab8ff}.dot{fill:#7ab8ff}}</style>\n";
  for (int percent = 0; percent <= 100; percent += 20) {
    const double y = 340 - 3.0 * percent;
    svg += "<line class=\"grid\" x1=\"60\" x2=\"700\" y1=\"" + with_decimals(y, 0) + "\" y2=\"" +
           with_decimals(y, 0) + "\"/>\n" + label(52, y + 4, std::to_string(percent) + " %", "end");
  }
  svg += polyline(figures, &DegreeFigures::simple, "class=\"simple\" stroke-dasharray=\"6 4\"");
  svg += polyline(figures, &DegreeFigures::exact, "class=\"exact\"");
  const double step = 640.0 / static_cast<double>(std::max<std::size_t>(1, figures.size() - 1));
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const double x = 60 + step * static_cast<double>(i);
    svg += "<circle class=\"dot\" r=\"4\" cx=\"" + with_decimals(x, 1) + "\" cy=\"" +
           with_decimals(340 - 300 * figures[i].simulated, 1) + "\"/>\n";
    if (figures.size() <= 24 || i % (figures.size() / 12) == 0)
      svg += label(x, 360, std::to_string(figures[i].programs), "middle");
  }
  svg += label(380, 382, tr("programs in memory", "内存中的程序数"), "middle");
  svg += label(60, 24, title, "start");
  svg += label(60, 408,
               tr("dots: simulated · line: exact (machine repairman) · dashes: 1 − pⁿ",
                  "点：模拟；实线：精确值（机器维修模型）；虚线：1 − pⁿ"),
               "start");
  return svg + "</svg>\n";
}

nlohmann::ordered_json json_of(const std::vector<DegreeFigures>& figures, double wait,
                               std::uint64_t seed) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const DegreeFigures& one : figures)
    list.push_back({{"programs", one.programs},
                    {"simulated", one.simulated},
                    {"exact", one.exact},
                    {"simple", one.simple}});
  return {{"wait", wait}, {"seed", seed}, {"figures", std::move(list)}};
}

}  // namespace generations
