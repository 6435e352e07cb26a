import Foundation

extension Double {
  func logarithm() -> Double { Foundation.log(self) }
  func exponential() -> Double { Foundation.exp(self) }
  func cosine() -> Double { Foundation.cos(self) }
  func rounded(toPlaces places: Int) -> Double {
    let scale = Foundation.pow(10, Double(places))
    return (self * scale).rounded() / scale
  }
}
