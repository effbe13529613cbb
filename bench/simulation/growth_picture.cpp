#include "growth_picture.hpp"

#include <cmath>
#include <cstdio>

namespace simulation_bench {
namespace {

constexpr const char* colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a6a00"};
constexpr double left = 70;
constexpr double top = 30;
constexpr double width = 480;
constexpr double height = 260;

std::string n(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1f", value);
  return digits;
}

std::string words(double x, double y, const char* anchor, const std::string& text) {
  return "<text x=\"" + n(x) + "\" y=\"" + n(y) + "\" text-anchor=\"" + anchor + "\">" + text +
         "</text>\n";
}

/// Jobs from 10² to 10⁶.
double x_of(double jobs) {
  return left + width * (std::log10(jobs) - 2) / 4;
}

/// Nanoseconds from 1 to 10⁴.
double y_of(double nanoseconds) {
  return top + height * (1 - std::log10(nanoseconds < 1 ? 1 : nanoseconds) / 4);
}

}  // namespace

std::string growth_picture(const std::vector<Growth>& curves) {
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 350\" role=\"img\" "
      "aria-label=\"Nanoseconds a decision, over the number of ready jobs\">\n<style>"
      "text{font:13px system-ui,sans-serif;fill:#222}.grid{stroke:#ccc;fill:none}"
      "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#555}}</style>\n";
  for (int power = 2; power <= 6; ++power) {
    const double x = x_of(std::pow(10, power));
    svg += "<path class=\"grid\" d=\"M" + n(x) + "," + n(top) + "V" + n(top + height) + "\"/>\n" +
           words(x, top + height + 20, "middle",
                 "10<tspan dy=\"-5\" font-size=\"9\">" + std::to_string(power) + "</tspan>");
  }
  for (int power = 0; power <= 4; ++power) {
    const double y = y_of(std::pow(10, power));
    svg += "<path class=\"grid\" d=\"M" + n(left) + "," + n(y) + "H" + n(left + width) + "\"/>\n" +
           words(left - 8, y + 4, "end", std::to_string(static_cast<int>(std::pow(10, power))));
  }
  svg += words(left + width / 2, top + height + 42, "middle", "ready jobs") +
         words(left, 18, "middle", "ns a decision");
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const std::string colour = colours[i % std::size(colours)];
    std::string path;
    for (std::size_t k = 0; k < curves[i].jobs.size(); ++k) {
      const double x = x_of(curves[i].jobs[k]);
      const double y = y_of(curves[i].nanoseconds[k]);
      path.append(k == 0 ? "M" : "L").append(n(x)).append(",").append(n(y));
      svg.append("<circle cx=\"").append(n(x)).append("\" cy=\"").append(n(y));
      svg.append("\" r=\"3.5\" fill=\"").append(colour).append("\"/>\n");
    }
    svg.append("<path d=\"").append(path).append("\" fill=\"none\" stroke=\"").append(colour);
    svg.append("\" stroke-width=\"2\"/>\n");
    const double y = top + 20 + 22 * static_cast<double>(i);
    svg.append("<path d=\"M").append(n(left + width + 20)).append(",").append(n(y - 4));
    svg.append("h24\" stroke=\"").append(colour).append("\" stroke-width=\"3\"/>\n");
    svg += words(left + width + 50, y, "start", curves[i].name);
  }
  return svg + "</svg>\n";
}

}  // namespace simulation_bench
