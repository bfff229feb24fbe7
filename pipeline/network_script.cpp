#include "pipeline/network_script.h"

#include <cmath>
#include <string>

#include <ATen/CPUGeneratorImpl.h>

namespace calcnode::pipeline {
namespace {

struct Convolution {
    int inputs = 1;
    int outputs = 1;
    int side = 3;
    int stride = 1;
};

/// Writes the forward function line by line and makes the parameters that it names.
class ScriptWriter {
  public:
    ScriptWriter(const std::string& name, std::uint64_t seed)
        : module_(name), generator_(at::detail::createCPUGenerator(seed)) {}

    void convolution(const Convolution& layer, bool relu = true) {
        const std::string number = std::to_string(count_), weight = std::string("w").append(number),
                          bias = std::string("b").append(number);
        ++count_;
        // He's initialisation keeps the spread through rectified layers: no batch statistics needed, so that
        // a pixel's value never depends on the rest of its tile.
        const double spread = std::sqrt((relu ? 2.0 : 1.0) / (layer.inputs * layer.side * layer.side));
        const at::Tensor start =
            at::randn({layer.outputs, layer.inputs, layer.side, layer.side}, generator_, at::kFloat) * spread;
        module_.register_parameter(weight, start, false);
        module_.register_parameter(bias, at::zeros({layer.outputs}), false);
        const std::string step =
            "[" + std::to_string(layer.stride) + ", " + std::to_string(layer.stride) + "]";
        const std::string pad = std::to_string(layer.side / 2);
        std::string call = "torch.conv2d(x, self." + weight + ", self." + bias + ", " + step + ", [" + pad +
                           ", " + pad + "])";
        line("x = " + (relu ? "torch.relu(" + call + ")" : call));
    }

    void line(const std::string& text) { source_ += "    " + text + "\n"; }

    /// Doubles the size by repetition and puts `skip`'s channels behind.
    void up_and_join(const std::string& skip) {
        line("x = torch.upsample_nearest2d(x, [" + skip + ".size(2), " + skip + ".size(3)])");
        line("x = torch.cat([x, " + skip + "], 1)");
    }

    torch::jit::Module finish() {
        line("return x");
        module_.define(source_);
        return module_;
    }

  private:
    torch::jit::Module module_;
    at::Generator generator_;
    std::string source_ = "def forward(self, x):\n";
    int count_ = 0;
};

}  // namespace

torch::jit::Module make_detector(std::uint64_t seed) {
    ScriptWriter net("Detector", seed);
    net.convolution({1, 24, 5, 2});
    net.convolution({24, 32});
    net.convolution({32, 48, 3, 2});
    net.convolution({48, 48});
    net.line("cells = x");
    net.convolution({48, 64, 3, 2});
    net.convolution({64, 64});
    net.convolution({64, 64});
    net.up_and_join("cells");
    net.convolution({112, 48});
    net.convolution({48, 1, 1}, false);
    return net.finish();
}

torch::jit::Module make_segmentator(std::uint64_t seed) {
    ScriptWriter net("Segmentator", seed);
    net.convolution({1, 32, 5, 2});
    net.convolution({32, 32});
    net.line("fine = x");
    net.convolution({32, 48, 3, 2});
    net.convolution({48, 48});
    net.line("coarse = x");
    net.convolution({48, 64, 3, 2});
    net.convolution({64, 64});
    net.convolution({64, 64});
    net.up_and_join("coarse");
    net.convolution({112, 48});
    net.up_and_join("fine");
    net.convolution({80, 32});
    net.convolution({32, 32});
    net.convolution({32, 4}, false);
    net.line("x = torch.pixel_shuffle(x, 2)");
    return net.finish();
}

}  // namespace calcnode::pipeline
