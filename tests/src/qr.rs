//! Reads QR codes as a camera would.

/// Reads the only code in a PNG.
pub fn read(png: &[u8]) -> String {
    let picture = image::load_from_memory(png).expect("a picture").into_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let shade = |x: usize, y: usize| picture.get_pixel(x as u32, y as u32).0[0];
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, shade);
    let grids = prepared.detect_grids();
    let [grid] = grids.as_slice() else { panic!("{} codes in the picture", grids.len()) };
    grid.decode().expect("the code can be read").1
}
