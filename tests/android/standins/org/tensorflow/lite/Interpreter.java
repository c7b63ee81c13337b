package org.tensorflow.lite;

import io.haredge.litert.NativeLiteRt;
import io.haredge.standins.Phone;
import java.nio.ByteBuffer;
import java.util.Map;

/** LiteRT's interpreter, on the C functions of the desktop library, so that the real model runs. */
public final class Interpreter implements AutoCloseable {
    public static class Options {
        public Options setNumThreads(int numThreads) {
            return this;
        }
    }

    private final NativeLiteRt litert;
    private boolean closed;

    public Interpreter(ByteBuffer byteBuffer, Options options) {
        litert = new NativeLiteRt(byteBuffer);
    }

    public int getInputTensorCount() {
        return 1;
    }

    public int getOutputTensorCount() {
        return litert.outputCount();
    }

    public Tensor getInputTensor(int inputIndex) {
        return tensor(litert.inputShape());
    }

    public Tensor getOutputTensor(int outputIndex) {
        return tensor(litert.outputShape(outputIndex));
    }

    public void runForMultipleInputsOutputs(Object[] inputs, Map<Integer, Object> outputs) {
        if (closed) {
            throw new IllegalArgumentException("Internal error: The Interpreter has already been closed.");
        }
        if (Phone.current().inferenceFails) {
            throw new IllegalArgumentException("Internal error: Failed to run");
        }
        ByteBuffer[] results = new ByteBuffer[litert.outputCount()];
        outputs.forEach((index, result) -> results[index] = (ByteBuffer) result);
        litert.run((ByteBuffer) inputs[0], results);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            litert.close();
        }
    }

    private static Tensor tensor(int[] shape) {
        return new Tensor() {
            @Override
            public DataType dataType() {
                return DataType.FLOAT32;
            }

            @Override
            public int[] shape() {
                return shape;
            }
        };
    }
}
