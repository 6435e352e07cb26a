import Foundation

/// The same work by PyTorch, in a python3 of its own.
struct PyTorchPeer {
  struct Answer: Decodable {
    var version: String
    var figures: [DetectReport.Figures]
  }

  enum Absence: Error, CustomStringConvertible {
    case notAsked, notInstalled
    case failed(String)

    var description: String {
      switch self {
      case .notAsked: "was not asked for"
      case .notInstalled: "is not installed (python3 -c 'import torch' fails)"
      case .failed(let reason): "could not be measured: \(reason)"
      }
    }
  }

  let benchmark: DetectBenchmark

  func run() -> Result<Answer, Absence> {
    do {
      guard try python("import torch", []) != nil else { return .failure(.notInstalled) }
      let sizes = try JSONEncoder().encode(DetectBenchmark.sizes)
      let arguments = [
        String(decoding: sizes, as: UTF8.self), "\(benchmark.windows)", "\(DetectBenchmark.batch)",
        "\(benchmark.runs)",
      ]
      guard let output = try python(Self.program, arguments) else {
        return .failure(.failed("its program ended with an error"))
      }
      return .success(try JSONDecoder().decode(Answer.self, from: output))
    } catch {
      return .failure(.failed("\(error)"))
    }
  }

  /// What the program writes; nil where it fails.
  private func python(_ program: String, _ arguments: [String]) throws -> Data? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? bytes : nil
  }

  /// Sizes (JSON), windows, batch and runs come as arguments. Batched scoring takes the best of
  /// several batch sizes.
  static let program = """
    import json, sys, time
    import torch
    from torch import nn

    sizes, windows, batch, runs = (
        json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))

    class Autoencoder(nn.Module):
        def __init__(self, size):
            super().__init__()
            features, hidden, latent = size["features"], size["hidden"], size["latent"]
            self.window = size["window"]
            self.encoder = nn.LSTM(features, hidden, batch_first=True)
            self.latent = nn.Linear(hidden, latent)
            self.decoder = nn.LSTM(latent, hidden, batch_first=True)
            self.output = nn.Linear(hidden, features)

        def forward(self, x):
            _, (h, _) = self.encoder(x)
            z = self.latent(h[0]).unsqueeze(1).expand(-1, self.window, -1)
            return self.output(self.decoder(z)[0])

    def fastest(work):
        work()
        times = []
        for _ in range(runs):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        return min(times)

    def measure(size):
        torch.manual_seed(0)
        model = Autoencoder(size)
        data = torch.randn(windows, size["window"], size["features"])
        adam = torch.optim.Adam(model.parameters(), lr=1e-3)

        def epoch():
            for part in torch.randperm(windows).split(batch):
                x = data[part]
                adam.zero_grad()
                nn.functional.mse_loss(model(x), x).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                adam.step()

        def score(x):
            with torch.inference_mode():
                return ((model(x)[:, -1] - x[:, -1]) ** 2).mean(1)

        torch.set_num_threads(1)
        one = fastest(epoch)
        single = fastest(lambda: [score(data[:1]) for _ in range(200)]) / 200
        batched = min(
            fastest(lambda: [score(x) for x in data[:4096].split(n)]) / min(windows, 4096)
            for n in (64, 256, 1024))
        torch.set_num_threads(2)
        two = fastest(epoch)
        return {"epochSeconds": one, "twoThreadEpochSeconds": two,
                "singleMicroseconds": single * 1e6, "batchedMicroseconds": batched * 1e6}

    figures = [measure(size) for size in sizes]
    print(json.dumps({"version": torch.__version__, "figures": figures}))
    """
}
