package org.tensorflow.lite;

import io.haredge.litert.NativeLiteRt;
import java.nio.ByteBuffer;

/** LiteRT's interpreter, on the C functions of the same library for desktops: the real model runs in it. */
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

    public Tensor getInputTensor(int inputIndex) {
        return tensor(litert.inputShape());
    }

    public Tensor getOutputTensor(int outputIndex) {
        return tensor(litert.outputShape());
    }

    public void run(Object input, Object output) {
        if (closed) {
            throw new IllegalArgumentException("Internal error: The Interpreter has already been closed.");
        }
        litert.run((ByteBuffer) input, (ByteBuffer) output);
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
