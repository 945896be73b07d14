"""Integer arithmetic of ops, a file for each family: what full int8 runs between convolutions.

Blobs are int8 arrays, the slowest axis first: (c, h, w), (h, w) or (w,); real = int8 / scale.
In each file `prepare_...` functions are OFFLINE: floats (scales, slopes, bounds) become integers
in frozen records. All other functions are RUNTIME: integers in, integers out, no float between.

    moving      the same elements elsewhere: Concat, Slice, Permute, Reshape, Crop, ShuffleChannel
    resizing    Interp by the nearest element
    bordering   Padding
    pooling     Pooling
    rescaling   one blob in another scale: Split and Slice with several scales, Dropout
    combining   sums, products and maxima of blobs: BinaryOp, Eltwise
    activating  ReLU, Clip, LeakyReLU, PReLU, and any function of one element by a table
    functions   those functions in float, for the tables
    requantizing sums of convolutions and inner products to int8
    entering    the network's input to int8

Source: the document of the full-int8 fork of ncnn, "Runtime"; the ops' geometry is that of
Tencent/ncnn, src/layer.
"""
