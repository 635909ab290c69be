/**
 * The companies of the demo and their people. Everybody may know these passwords: nothing here guards anything.
 * `sub` is what the provider calls a person for good; it says nothing about them, and it outlives their address.
 */
export const companies = [
  {
    slug: 'whiterabbit.fake',
    name: 'White Rabbit',
    people: [
      {
        sub: '00u7hq2mXw9KtRb4Ld5c',
        name: 'Trinity Anderson',
        email: 'trinity@whiterabbit.fake',
        password: 'Zion',
      },
      {
        sub: '00u3vfN8sYp6GjZe1Ta9',
        name: 'Morpheus',
        email: 'morpheus@whiterabbit.fake',
        password: 'Nebuchadnezzar',
      },
      // The app has never heard of Neo: it makes his account when he first comes in.
      {
        sub: '00u9cxR5bUk2WmHd7Qs3',
        name: 'Neo',
        email: 'neo@whiterabbit.fake',
        password: 'There is no spoon',
      },
    ],
  },
  {
    slug: 'matrix.fake',
    name: 'Matrix',
    people: [
      {
        sub: '00u4jyD1nVg8PzFa6Ec2',
        name: 'Agent Smith',
        email: 'smith@matrix.fake',
        password: 'Mr. Anderson',
      },
      {
        sub: '00u6kwB3tLr7XqMh9Js5',
        name: 'Agent Brown',
        email: 'brown@matrix.fake',
        password: 'Only human',
      },
    ],
  },
  // The workshop's, of its parts on SCIM and on entitlements.
  {
    slug: 'portal.example',
    name: 'Portal',
    people: [
      {
        sub: '00u2dnE8hWc5PvKx3Ru7',
        name: 'Somnus Henderson',
        email: 'somnus@portal.example',
        password: 'correct horse battery staple',
      },
      {
        sub: '00u8fsM4jZq1TyBg6Nk2',
        name: 'Trinity Anderson',
        email: 'trinity@portal.example',
        password: 'Zion',
      },
    ],
  },
  {
    slug: 'gridco.example',
    name: 'Gridco',
    people: [
      {
        sub: '00u5gpC7mXs9LwDh2Vt4',
        name: 'Somnus Henderson',
        email: 'somnus.henderson@gridco.example',
        password: 'correct horse battery staple',
      },
      {
        sub: '00u1ktJ6rYb3QzFn8Wm5',
        name: 'Trinity Anderson',
        email: 'trinity@gridco.example',
        password: 'Zion',
      },
    ],
  },
];

export const clientId = 'curfew';
export const clientSecret = (slug) => `demo-secret-of-${slug}`;
