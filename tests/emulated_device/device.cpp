// An accelerator that is none: it computes on the CPU, and refuses what CUDA refuses.
//
// Its memory is the CPU's and each operator runs on the CPU, after one question: are all tensors here? Where they are
// not, torch's own check says so, in the words that it has for CUDA. What CUDA lets pass passes: a number without
// dimensions, and indices that lie on the CPU. float64 can be forbidden, as Apple's MPS does.
//
// After torch_openreg, the example in PyTorch's tests: test/cpp_extensions/open_registration_extension.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/op_registration/adaption.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_local_scalar_dense_native.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>

namespace {

constexpr auto kType = c10::DeviceType::PrivateUse1;
const c10::Device kDevice(kType, 0);
bool float64_allowed = true;

// Memory

struct Memory final : c10::Allocator {
  static void release(void* data) {
    c10::free_cpu(data);
  }
  c10::DataPtr allocate(size_t bytes) override {
    void* data = bytes ? c10::alloc_cpu(bytes) : nullptr;
    return {data, data, &release, kDevice};
  }
  c10::DeleterFnPtr raw_deleter() const override {
    return &release;
  }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

Memory memory;
REGISTER_ALLOCATOR(kType, &memory)

// One device, one stream

struct Guard final : c10::impl::NoOpDeviceGuardImpl<kType> {
  c10::Device exchangeDevice(c10::Device) const override {
    return kDevice;
  }
  c10::Device getDevice() const override {
    return kDevice;
  }
  c10::Stream getStream(c10::Device) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, kDevice);
  }
  c10::Stream exchangeStream(c10::Stream) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, kDevice);
  }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override {
    return true;
  }
  bool isAvailable() const override {
    return true;
  }
  bool hasPrimaryContext(c10::DeviceIndex) const override {
    return true;
  }
  c10::DeviceIndex deviceCount() const override {
    return 1;
  }
  c10::DeviceIndex getCurrentDevice() const override {
    return 0;
  }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override {
    return 0;
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override {
    return 0;
  }
  at::Generator getNewGenerator(c10::DeviceIndex) const override {
    return at::detail::createCPUGenerator();
  }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override {
    auto data = memory.allocate(bytes);
    memory.copy_data(data.get(), storage.data(), std::min(bytes, storage.nbytes()));
    storage.set_data_ptr(std::move(data));
    storage.unsafeGetStorageImpl()->set_nbytes(bytes);
  }
};

const bool hooked = [] {
  at::RegisterPrivateUse1HooksInterface(new Hooks); // for as long as the process lives
  return true;
}();

// Tensors

c10::ScalarType checked(std::optional<c10::ScalarType> given) {
  const auto dtype = c10::dtype_or_default(given);
  TORCH_CHECK_TYPE(
      float64_allowed || dtype != at::kDouble,
      "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. "
      "Please use float32 instead.");
  return dtype;
}

at::Tensor empty(
    c10::IntArrayRef size,
    std::optional<c10::ScalarType> dtype,
    std::optional<c10::Layout>,
    std::optional<c10::Device>,
    std::optional<bool>,
    std::optional<c10::MemoryFormat> format) {
  return at::detail::empty_generic(
      size, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), checked(dtype), format);
}

at::Tensor empty_strided(
    c10::IntArrayRef size,
    c10::IntArrayRef stride,
    std::optional<c10::ScalarType> dtype,
    std::optional<c10::Layout>,
    std::optional<c10::Device>,
    std::optional<bool>) {
  return at::detail::empty_strided_generic(
      size, stride, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), checked(dtype));
}

at::Tensor on_cpu(const at::Tensor& tensor) { // the same memory, seen from the CPU
  if (tensor.is_cpu())
    return tensor;
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  on_cpu(to).copy_(on_cpu(from));
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar number(const at::Tensor& tensor) {
  return at::native::_local_scalar_dense_cpu(tensor);
}

at::Tensor view(const at::Tensor& tensor, c10::IntArrayRef size) {
  return at::native::view(tensor, size);
}

at::Tensor as_strided(
    const at::Tensor& tensor,
    c10::IntArrayRef size,
    c10::IntArrayRef stride,
    std::optional<int64_t> offset) {
  return at::native::as_strided_tensorimpl(tensor, size, stride, offset);
}

at::Tensor unfold(const at::Tensor& tensor, int64_t axis, int64_t size, int64_t step) {
  return at::native::unfold(tensor, axis, size, step);
}

at::Tensor reshape_alias(const at::Tensor& tensor, c10::IntArrayRef size, c10::IntArrayRef stride) {
  return at::native::_reshape_alias(tensor, size, stride);
}

const at::Tensor& resize(
    const at::Tensor& tensor,
    c10::IntArrayRef size,
    std::optional<c10::MemoryFormat> format) {
  return at::native::resize_(tensor, size, format);
}

at::Tensor& set_tensor(at::Tensor& tensor, const at::Tensor& source) {
  return at::native::set_tensor_(tensor, source);
}

at::Tensor& set_storage(at::Tensor& tensor, at::Storage source) {
  return at::native::set_(tensor, source);
}

at::Tensor& set_storage_at(
    at::Tensor& tensor,
    at::Storage source,
    int64_t offset,
    c10::IntArrayRef size,
    c10::IntArrayRef stride) {
  return at::native::set_storage_cpu_(tensor, source, offset, size, stride);
}

// Everything else

void compute(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const auto& name = schema.name();
  const auto arguments = torch::jit::last(stack, schema.arguments().size());
  const bool indexing = name == "aten::index" || name == "aten::index_put_" || name == "aten::_index_put_impl_";
  std::optional<c10::Device> common;
  const auto check = [&](const at::Tensor& tensor, const std::string& argument) {
    if (!tensor.defined() || (tensor.is_cpu() && tensor.dim() == 0))
      return;
    c10::impl::check_and_update_common_device(common, tensor, name.c_str(), argument.c_str());
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto& value = arguments[i];
    const auto& argument = schema.arguments()[i].name();
    if (indexing && argument == "indices") {
      for (const c10::IValue& item : value.toListRef()) {
        if (item.isNone() || !item.toTensor().defined())
          continue;
        const auto& index = item.toTensor();
        TORCH_CHECK(
            index.is_cpu() || index.device() == *common,
            "indices should be either on cpu or on the same device as the indexed tensor (",
            *common,
            ")");
      }
    } else if (value.isTensor()) {
      check(value.toTensor(), argument);
    } else if (value.isList()) {
      for (const c10::IValue& item : value.toListRef())
        if (item.isTensor())
          check(item.toTensor(), argument);
    } else if (value.isGenerator()) {
      TORCH_CHECK(
          value.toGenerator().device().type() == kType,
          "Expected a '",
          c10::get_privateuse1_backend(),
          "' device type for generator but found '",
          value.toGenerator().device().type(),
          "'");
    }
  }
  at::native::cpu_fallback(op, stack);
}

} // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("_local_scalar_dense", number);
  m.impl("view", view);
  m.impl("as_strided", as_strided);
  m.impl("unfold", unfold);
  m.impl("_reshape_alias", reshape_alias);
  m.impl("resize_", resize);
  m.impl("set_.source_Tensor", set_tensor);
  m.impl("set_.source_Storage", set_storage);
  m.impl("set_.source_Storage_storage_offset", set_storage_at);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>());
}

TORCH_LIBRARY(emulated_device, m) {
  m.def("allow_float64(bool allowed) -> ()", [](bool allowed) { float64_allowed = allowed; });
}
